import { encodeIntent, INTENT_KINDS, INTENT_MAX_LENGTH, type Intent } from '../../wire/intent.ts'
import type { SignEcdsaRequest, SignRequest } from '../../wire/operations.ts'
import { parsePath } from '../../protocol/derive/index.ts'
import type { MessageHash } from '../../protocol/ecdsa/signing/digest.ts'
import { abytes, toHex, isBytes } from '../../util/bytes.ts'
import { assertFunction, oneOf, assertObject, walletIdArgument } from '../arguments.ts'
import type { ReportedOptions } from '../types.ts'

/** The longest message, in bytes. */
export const SIGN_MESSAGE_MAX_LENGTH = 64 * 1024

interface AnySignParameters extends ReportedOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** Steps without hardening, such as `m/0/5` (BIP 32, or BIP32-Ed25519). Default: the wallet's own key. */
  readonly path?: string
  /**
   * What the digest or message is of. A server that understands it signs only what it describes, and shows it to its policy.
   * At most 96 KiB. Default: the server learns only the digest or message.
   */
  readonly intent?: Intent
}

/** RFC 8032 with the ed25519 key. */
export interface SignEd25519Parameters extends AnySignParameters {
  /** The signature scheme. */
  readonly scheme: 'ed25519'
  /** What is signed, at most 64 KiB. */
  readonly message: Uint8Array
}

/** BIP 340 Schnorr, for Bitcoin, with the secp256k1 key. */
export interface SignBip340Parameters extends AnySignParameters {
  /** The signature scheme. */
  readonly scheme: 'bip340'
  /** What is signed, at most 64 KiB; BIP 340 users hash theirs first. */
  readonly message: Uint8Array
  /**
   * Signs for the Taproot output key (BIP 341) instead of the key itself: the merkle root of its scripts, 32 bytes, or
   * empty for a key without scripts.
   */
  readonly tapTweak?: Uint8Array
}

/** An ECDSA signature of a message, which is hashed here. */
export interface SignEcdsaMessageParameters extends AnySignParameters {
  /** The signature scheme. */
  readonly scheme: 'ecdsa'
  /** What is hashed and signed, at most 64 KiB. */
  readonly message: Uint8Array
  /** `sha256`, `sha256d` (twice, Bitcoin) or `keccak256` (Ethereum). */
  readonly hash: MessageHash
  /** Absent: the digest is computed from the message. */
  readonly digest?: undefined
}

/** An ECDSA signature of a digest that was hashed elsewhere. */
export interface SignEcdsaDigestParameters extends AnySignParameters {
  /** The signature scheme. */
  readonly scheme: 'ecdsa'
  /** The hash that is signed, 32 bytes. The server's policy sees only the hash. */
  readonly digest: Uint8Array
  /** Absent: only its digest is known. */
  readonly message?: undefined
  /** Absent: the digest is already computed. */
  readonly hash?: undefined
}

/** ECDSA with the secp256k1 key, of a message or of a digest that the caller has computed. */
export type SignEcdsaParameters = SignEcdsaMessageParameters | SignEcdsaDigestParameters

/** Parameters of {@link sign}: the wallet, the scheme, and the message or digest in the form that the scheme signs. */
export type SignParameters = SignEd25519Parameters | SignBip340Parameters | SignEcdsaParameters

const HASHES: readonly MessageHash[] = ['sha256', 'sha256d', 'keccak256']

type AnyStatement = Pick<SignRequest, 'message' | 'path' | 'intent'>

/** What is signed, as encoded in the request: bytes in lower-case hex. */
export type Statement =
  | ({ readonly scheme: 'ed25519' } & AnyStatement)
  | ({ readonly scheme: 'bip340'; readonly tapTweak: string | null } & AnyStatement)
  | ({ readonly scheme: 'ecdsa'; readonly hash: SignEcdsaRequest['hash'] } & AnyStatement)

/** @throws {TypeError | RangeError} if a parameter is wrong */
export function readStatement(options: SignParameters): Statement {
  walletIdArgument(assertObject(options, 'sign').walletId)
  assertFunction(options.onProgress, 'onProgress')
  return statementOf(options)
}

/** One signature of several: parameters of {@link sign} without the wallet and the options of the action. */
export type SignItemParameters =
  | Omit<SignEd25519Parameters, 'walletId' | 'onProgress' | 'signal' | 'timeoutMs'>
  | Omit<SignBip340Parameters, 'walletId' | 'onProgress' | 'signal' | 'timeoutMs'>
  | Omit<SignEcdsaMessageParameters, 'walletId' | 'onProgress' | 'signal' | 'timeoutMs'>
  | Omit<SignEcdsaDigestParameters, 'walletId' | 'onProgress' | 'signal' | 'timeoutMs'>

type EcdsaItemParameters = Extract<SignItemParameters, { readonly scheme: 'ecdsa' }>

/** What is signed. @throws {TypeError | RangeError} if a parameter is wrong */
export function statementOf(options: SignItemParameters): Statement {
  const scheme = oneOf(options.scheme, ['ed25519', 'bip340', 'ecdsa'], 'scheme')
  const about = { path: pathArgument(options.path), ...intentArgument(options.intent) }
  switch (options.scheme) {
    case 'ed25519':
      return { scheme: options.scheme, message: messageArgument(options.message), ...about }
    case 'bip340': {
      const { message, tapTweak } = options
      const tweak = tapTweak === undefined ? null : tapTweakArgument(tapTweak)
      return { scheme: options.scheme, message: messageArgument(message), ...about, tapTweak: tweak }
    }
    case 'ecdsa':
      return { scheme: options.scheme, ...signedByEcdsa(options), ...about }
    default:
      throw new TypeError(`unknown scheme ${scheme}`)
  }
}

function signedByEcdsa(options: EcdsaItemParameters): Pick<SignEcdsaRequest, 'message' | 'hash'> {
  if (options.digest === undefined) {
    return { message: messageArgument(options.message), hash: oneOf(options.hash, HASHES, 'hash') }
  }
  if (options.message !== undefined || options.hash !== undefined) {
    throw new TypeError('either message and hash are signed, or digest')
  }
  return { message: toHex(abytes(options.digest, 32, 'digest')), hash: null }
}

function messageArgument(message: Uint8Array): string {
  const bytes = abytes(message, undefined, 'message')
  if (bytes.length > SIGN_MESSAGE_MAX_LENGTH) {
    throw new RangeError(`message must be at most ${SIGN_MESSAGE_MAX_LENGTH} bytes, got ${bytes.length}`)
  }
  return toHex(bytes)
}

function intentArgument(intent: Intent | undefined): { readonly intent?: string } {
  if (intent === undefined) return {}
  oneOf(assertObject(intent, 'intent').kind, INTENT_KINDS, 'intent.kind')
  const encoded = encodeIntent(intent)
  if (encoded.length > INTENT_MAX_LENGTH) {
    throw new RangeError(`intent must be at most ${INTENT_MAX_LENGTH} bytes, got ${encoded.length}`)
  }
  return { intent: toHex(encoded) }
}

function tapTweakArgument(tapTweak: Uint8Array): string {
  return toHex(abytes(tapTweak, isBytes(tapTweak) && tapTweak.length === 0 ? 0 : 32, 'tapTweak'))
}

/**
 * Asserts a derivation path. Default: `m`.
 *
 * @throws {TypeError | RangeError} if it is not one, or has hardened steps
 */
export function pathArgument(path: string | undefined): string {
  if (path === undefined) return 'm'
  parsePath(path)
  return path
}
