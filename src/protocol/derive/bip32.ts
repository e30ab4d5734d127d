import { sha256 } from '../../symmetric/sha256.ts'
import { ripemd160 } from '../../symmetric/ripemd160.ts'
import { hmacSha512 } from '../../symmetric/hmac.ts'

import type { Group, Point, Scalar } from '../../curve/group.ts'
import { abytes, concatBytes, toHex } from '../../util/bytes.ts'
import { CodecError, Reader, Writer, isCodecError } from '../../util/codec.ts'
import { decodeBase58Check, encodeBase58Check } from './base58.ts'
import { ed25519Step } from './bip32-ed25519.ts'
import { assertIndex } from './path.ts'

/** A public key, and the chain code from which its children are derived. */
export interface ExtendedPublicKey {
  /** The key. */
  readonly publicKey: Point
  /** 32 bytes */
  readonly chainCode: Uint8Array
}

/** A derived key, and how it follows from the root: the key that the derivation began with. */
export interface DerivedKey extends ExtendedPublicKey {
  /** Child indices from the root, each below 2^31. */
  readonly path: readonly number[]
  /** δ: the derived key is the root's key + δ·G, and each share of it is the root's share + δ. */
  readonly tweak: Scalar
}

const VERSIONS = { mainnet: 0x0488b21e, testnet: 0x043587cf } as const
/** The network of an extended public key, which its version bytes name. */
export type Network = keyof typeof VERSIONS

const SERIALIZED_BYTES = 78

/**
 * Derives a child key along non-hardened steps: BIP 32, "Public parent key → public child key", on secp256k1, and
 * BIP32-Ed25519 on ed25519.
 *
 * Only the public key and the chain code are needed, so the derivation reveals no secret. Whoever knows the chain code
 * can tell which keys are derived from the same root. Each signer adds the whole tweak to its share, because Lagrange
 * coefficients add up to one.
 *
 * @param parent the root of the path
 * @param path indices below 2^31
 * @throws {RangeError} for a hardened index, or a child that the scheme declares invalid (probability below 2^-127)
 *
 * @example
 * const { record } = share
 * const child = derivePath(getGroup('secp256k1'), record, parsePath('m/0/5'))
 */
export function derivePath(group: Group, parent: ExtendedPublicKey, path: readonly number[]): DerivedKey {
  abytes(parent.chainCode, 32, 'chainCode')
  const start: DerivedKey = { ...parent, path: [], tweak: group.scalar(0) }
  return path.reduce((key, index) => deriveChild(group, key, index), start)
}

function deriveChild(group: Group, parent: DerivedKey, index: number): DerivedKey {
  assertIndex(index)
  const step = group.curve === 'ed25519' ? ed25519Step : bip32Step
  const { tweak, chainCode } = step(group, group.encodePoint(parent.publicKey), parent.chainCode, index)
  const publicKey = group.addPoints(parent.publicKey, group.multiplyBase(tweak))
  if (group.isIdentity(publicKey)) throw invalidChild(index)
  return { publicKey, chainCode, path: [...parent.path, index], tweak: group.add(parent.tweak, tweak) }
}

function bip32Step(group: Group, parent: Uint8Array, chainCode: Uint8Array, index: number) {
  const digest = hmacSha512(chainCode, new Writer().bytes(parent).u32(index).finish())
  return { tweak: decodeLeft(group, digest.subarray(0, 32), index), chainCode: digest.slice(32) }
}

/** I_L as a scalar. BIP 32 does not exclude zero. */
function decodeLeft(group: Group, bytes: Uint8Array, index: number): Scalar {
  try {
    return group.decodeScalar(bytes, { allowZero: true })
  } catch (error) {
    if (isCodecError(error)) throw invalidChild(index, error)
    throw error
  }
}

function invalidChild(index: number, cause?: unknown): RangeError {
  return new RangeError(`child ${index} of this key is invalid (BIP 32): use the next index`, { cause })
}

/** The first four bytes of HASH160 of a public key as a big-endian number (BIP 32, "Key identifiers"). */
export function fingerprint(group: Group, publicKey: Point): number {
  const digest = ripemd160(sha256(group.encodePoint(publicKey)))
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0)
}

/** The position of a key in its tree (BIP 32, "Serialization format"). */
export interface KeyOrigin {
  /** Number of steps from the root: 0 to 255. */
  readonly depth: number
  /** {@link fingerprint} of the parent's key; 0 for the root. */
  readonly parentFingerprint: number
  /** Child index below the parent; 0 for the root. */
  readonly index: number
}

const ROOT: KeyOrigin = { depth: 0, parentFingerprint: 0, index: 0 }

/**
 * Encodes an extended public key on secp256k1 as text (`xpub…`, BIP 32, "Serialization format").
 *
 * @param origin Default: a root, which a wallet's own key is.
 * @throws {RangeError} for another curve, or if a number of `origin` does not fit its field
 */
export function encodeExtendedPublicKey(
  group: Group,
  key: ExtendedPublicKey,
  origin: KeyOrigin = ROOT,
  network: Network = 'mainnet',
): string {
  assertSecp256k1(group)
  const { depth, parentFingerprint, index } = origin
  const writer = new Writer().u32(VERSIONS[network]).u8(depth).u32(parentFingerprint).u32(index)
  return encodeBase58Check(writer.bytes(key.chainCode).bytes(group.encodePoint(key.publicKey)).finish())
}

/**
 * Decodes an extended public key on secp256k1.
 *
 * @throws {RangeError} for another curve
 * @throws {CodecError} unless it is a valid extended public key. Extended private keys are refused too.
 */
export function decodeExtendedPublicKey(
  group: Group,
  text: string,
): {
  /** The key and its chain code. */
  readonly key: ExtendedPublicKey
  /** Where the key stands in its tree. */
  readonly origin: KeyOrigin
  /** The network of the version bytes. */
  readonly network: Network
} {
  assertSecp256k1(group)
  const reader = new Reader(decodeBase58Check(text, SERIALIZED_BYTES))
  const version = reader.u32()
  const network = (Object.keys(VERSIONS) as Network[]).find((name) => VERSIONS[name] === version)
  if (network === undefined) throw new CodecError('not an extended public key')
  const origin = { depth: reader.u8(), parentFingerprint: reader.u32(), index: reader.u32() }
  const chainCode = reader.bytes(32)
  const publicKey = group.decodePoint(reader.bytes(33))
  if (origin.depth === 0 && (origin.parentFingerprint !== 0 || origin.index !== 0)) {
    throw new CodecError('a root has neither a parent nor an index')
  }
  return { key: { publicKey, chainCode }, origin, network }
}

function assertSecp256k1({ curve }: Group): void {
  if (curve !== 'secp256k1') throw new RangeError(`extended public keys of BIP 32 are not defined on ${curve}`)
}

/**
 * Encodes a derived key as text: on secp256k1 as {@link encodeExtendedPublicKey}, on ed25519 as `public key[32] | chain code[32]`
 * in lower-case hex, as BitGo and Cardano do, which has no place for origin and network.
 *
 * @param root the key that it was derived from
 * @throws {RangeError} for a network on ed25519
 */
export function encodeDerivedKey(
  group: Group,
  root: ExtendedPublicKey,
  derived: DerivedKey,
  network?: Network,
): string {
  if (network !== undefined) assertSecp256k1(group)
  if (group.curve === 'ed25519') return toHex(concatBytes(group.encodePoint(derived.publicKey), derived.chainCode))
  const index = derived.path.at(-1)
  if (index === undefined) return encodeExtendedPublicKey(group, root, ROOT, network)
  const parent = derivePath(group, root, derived.path.slice(0, -1))
  const origin = { depth: derived.path.length, parentFingerprint: fingerprint(group, parent.publicKey), index }
  return encodeExtendedPublicKey(group, derived, origin, network)
}
