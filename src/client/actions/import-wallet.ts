import { sha512 } from '../../symmetric/sha512.ts'
import { importedKeyTerms } from '../../wire/import.ts'
import type { ImportedKey, ImportRequest } from '../../wire/operations.ts'
import type { Scalar } from '../../curve/group.ts'
import type { KeyShare } from '../../key-share/types.ts'
import { createImport } from '../../protocol/import/index.ts'
import { createKeygen } from '../../protocol/keygen/index.ts'
import type { Session } from '../../protocol/session/session.ts'
import { CURVES, type Curve } from '../../types.ts'
import { abytes, equalBytes, toHex, wipe } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import { assertFunction, assertObject } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { createProgress, plans, type Progress } from '../progress.ts'
import { keygenOptions } from '../operations/sessions.ts'
import { makeWallet, newWalletFields } from '../wallets/make-wallet.ts'
import type { ActionOptions, Client, Wallet } from '../types.ts'

interface AnyImportedKey {
  /**
   * The chain code that the key's children are derived with, 32 bytes. The server learns it. Default: a new one, and so new
   * children.
   */
  readonly chainCode?: Uint8Array
  /**
   * The public key that the private key must have: 33 bytes (secp256k1, compressed) or 32 (ed25519). With it, a key that was
   * read in the wrong way or from the wrong account is refused before anything is sent.
   */
  readonly publicKey?: Uint8Array
}

/** A key as Ethereum and Bitcoin wallets export it. */
export interface ImportedSecp256k1Key extends AnyImportedKey {
  /** x, 32 bytes big-endian, 1 ≤ x < n. Secret: it is copied, and the caller wipes it. */
  readonly privateKey: Uint8Array
}

/** The seed of an ed25519 key (RFC 8032), which Solana wallets export as the first half of 64 bytes. */
export interface ImportedEd25519Seed extends AnyImportedKey {
  /** 32 bytes. Secret: it is copied, and the caller wipes it. The wallet keeps the key, not the seed. */
  readonly seed: Uint8Array
  /** Absent: the scalar follows from the seed. */
  readonly scalar?: undefined
}

/** The scalar of an ed25519 key, as `exportPrivateKey` returns it. */
export interface ImportedEd25519Scalar extends AnyImportedKey {
  /** x, 32 bytes little-endian, 1 ≤ x < q. Secret: it is copied, and the caller wipes it. */
  readonly scalar: Uint8Array
  /** Absent: there is no seed. */
  readonly seed?: undefined
}

/** Parameters of {@link importWallet}: at least one key. */
export interface ImportWalletParameters extends ActionOptions {
  /** The key on secp256k1. Default: a new one is generated. */
  readonly secp256k1?: ImportedSecp256k1Key
  /** The key on ed25519, as a seed or as a scalar. Default: a new one is generated. */
  readonly ed25519?: ImportedEd25519Seed | ImportedEd25519Scalar
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Makes a wallet with keys that exist already, shared between this device and the server. A curve without a key gets a new
 * one, as in `generateWallet`.
 *
 * The wallet is as safe as the place that the key came from: whoever has a copy can sign alone, whatever happens to the
 * shares. `findWallets` shows `importedAt`. Pass `publicKey`, or compare the wallet's addresses, and make a backup, before
 * you wipe the key and every copy of it.
 *
 * If the action is cut off, `resume` finishes or undoes it, as for a generation. Each import makes a wallet of its own.
 *
 * @throws {TypeError | RangeError} for a key that is not 32 bytes, zero, not below the order, or not that of `publicKey`; no
 * message names its value
 * @throws {STORAGE_UNAVAILABLE} if this device cannot store a share; nothing was changed
 * @throws {PROTOCOL_ABORTED} if the server does not follow the protocol; nothing is stored
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED | RATE_LIMITED}
 *
 * @example
 * const wallet = await importWallet(client, { secp256k1: { privateKey }, ed25519: { seed } })
 */
export async function importWallet(client: Client, options: ImportWalletParameters): Promise<Wallet> {
  const { onProgress } = assertObject(options, 'importWallet')
  const progress = createProgress(client, plans.generate, assertFunction(onProgress, 'onProgress'))
  const keys = readKeys(client, options)
  try {
    return await withDeadline(client, { ...options, progress }, async (deadline, client) => {
      progress.begin('Generating share')
      await client.storage.probe()
      const request: ImportRequest = {
        kind: 'import',
        ...newWalletFields(client),
        keys: { secp256k1: keys.secp256k1?.shown ?? null, ed25519: keys.ed25519?.shown ?? null },
      }
      const sessions: Session<KeyShare>[] = []
      try {
        for (const curve of CURVES) sessions.push(openSession(client, request, curve, keys[curve]))
        return await makeWallet({ client, deadline }, request, sessions, progress)
      } finally {
        // They hold the keys, also where the operation has not begun.
        for (const session of sessions) session.dispose()
      }
    })
  } finally {
    wipe(keys.secp256k1?.secret, keys.ed25519?.secret)
  }
}

/** A key that was read. */
interface ReadKey {
  /** A copy. Secret. */
  readonly secret: Scalar
  /** What the server is told. */
  readonly shown: ImportedKey
}

type ReadKeys = Readonly<Record<Curve, ReadKey | undefined>>

function readKeys(client: Client, { secp256k1, ed25519 }: ImportWalletParameters): ReadKeys {
  if (secp256k1 === undefined && ed25519 === undefined) throw new TypeError('importWallet needs a key')
  const first = secp256k1 === undefined ? undefined : readKey(client, 'secp256k1', secp256k1, secp256k1Scalar)
  try {
    const second = ed25519 === undefined ? undefined : readKey(client, 'ed25519', ed25519, ed25519Scalar)
    return { secp256k1: first, ed25519: second }
  } catch (error) {
    wipe(first?.secret)
    throw error
  }
}

function readKey<Key extends AnyImportedKey>(
  client: Client,
  curve: Curve,
  key: Key,
  scalarOf: (client: Client, key: Key) => Scalar,
): ReadKey {
  const { chainCode, publicKey: expected } = assertObject(key, curve)
  const shownCode = chainCode === undefined ? null : toHex(abytes(chainCode, 32, `${curve}.chainCode`))
  const group = client.group(curve)
  if (expected !== undefined) abytes(expected, group.pointLength, `${curve}.publicKey`)
  const secret = scalarOf(client, key)
  const publicKey = group.encodePoint(group.multiplyBase(secret))
  if (expected !== undefined && !equalBytes(publicKey, expected)) {
    wipe(secret)
    throw new RangeError(`the key on ${curve} has another public key than ${curve}.publicKey`)
  }
  return { secret, shown: { publicKey: toHex(publicKey), chainCode: shownCode } }
}

function secp256k1Scalar(client: Client, { privateKey }: ImportedSecp256k1Key): Scalar {
  return decodeKey(client, 'secp256k1', privateKey, 'secp256k1.privateKey')
}

function ed25519Scalar(client: Client, key: ImportedEd25519Seed | ImportedEd25519Scalar): Scalar {
  if ((key.seed === undefined) === (key.scalar === undefined)) throw new TypeError('ed25519 is a seed or a scalar')
  if (key.scalar !== undefined) return decodeKey(client, 'ed25519', key.scalar, 'ed25519.scalar')
  // RFC 8032 §5.1.5. A clamped number is a multiple of 8 below 2^255, and so never one of the order.
  const digest = sha512(abytes(key.seed, 32, 'ed25519.seed'))
  const wide = new Uint8Array(64)
  try {
    wide.set(digest.subarray(0, 32))
    wide[0]! &= 0xf8
    wide[31] = (wide[31]! & 0x7f) | 0x40
    return client.group('ed25519').reduce(wide)
  } finally {
    wipe(digest, wide)
  }
}

/** @throws {RangeError} unless it is from 1 to the order − 1, and not which of the two it is not */
function decodeKey(client: Client, curve: Curve, bytes: Uint8Array, name: string): Scalar {
  try {
    return client.group(curve).decodeScalar(abytes(bytes, 32, name))
  } catch (error) {
    if (!isCodecError(error)) throw error
    throw new RangeError(`${name} must be at least 1 and below the order of ${curve}`)
  }
}

function openSession(
  client: Client,
  request: ImportRequest,
  curve: Curve,
  key: ReadKey | undefined,
): Session<KeyShare> {
  const options = keygenOptions(client, request, curve)
  if (key === undefined) return createKeygen(options)
  return createImport({ ...options, ...importedKeyTerms(key.shown), secret: key.secret })
}
