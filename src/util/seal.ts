import { hmacSha256 } from '../symmetric/hmac.ts'
import { xchacha20poly1305 } from '../symmetric/chacha20-poly1305.ts'
import { MpcError } from '../errors.ts'
import { concatBytes, equalBytes, utf8, wipe } from './bytes.ts'
import { Writer } from './codec.ts'
import { readMasterKeys, type MasterKeys } from './master-keys.ts'
import { hedgedRandom } from './hedge.ts'
import type { RandomSource } from './random.ts'

/** The purpose of a sealed value. It does not open for another purpose. */
export type SealPurpose =
  | 'share'
  | 'session'
  | 'response'
  | 'join message'
  | 'custodian share'
  | 'ot state'
  | 'preprocessing'
  | 'audit key'
  | 'approval'

/** The associated data of a sealed value. It opens only with the same. */
export interface SealContext {
  readonly purpose: SealPurpose
  /** The client that the value belongs to. */
  readonly clientId: string
  /** The key of its database row. */
  readonly row: string
}

/** Seals values for the database with one master key, and opens values of several. */
export interface Sealer {
  /** The id of the key that seals: the first byte of every value that it seals. */
  readonly keyId: number
  /** Seals a value with the current key. */
  seal(context: SealContext, plaintext: Uint8Array): Uint8Array
  /** Opens a value. @throws {SHARE_PARSING_FAILED} if it was not sealed by one of the master keys with this context */
  open(context: SealContext, sealed: Uint8Array): Uint8Array
  /** Opens a value, and seals it with the current key. @throws {SHARE_PARSING_FAILED} as {@link open} */
  reseal(context: SealContext, sealed: Uint8Array): Uint8Array
  /** HMAC-SHA-256 of bytes, 32 bytes. Without the master key, nobody can check a guess at the bytes. */
  fingerprint(bytes: Uint8Array): Uint8Array
  /** Whether this is the fingerprint of the bytes under one of the master keys. */
  isFingerprint(fingerprint: Uint8Array, bytes: Uint8Array): boolean
}

const NONCE_LENGTH = 24

/**
 * Creates a sealer. A sealed value is `key id u8 | nonce[24] | XChaCha20-Poly1305 ciphertext and tag`. The context and the
 * key id are the associated data.
 *
 * Nonces are random, and with 192 bits do not repeat. They also depend on key, context and plaintext: if the random source
 * repeats, a repeated nonce only seals the same value again.
 *
 * @param masterKeys copied
 * @throws {TypeError | RangeError} for invalid keys
 */
export function createSealer(masterKeys: MasterKeys, random: RandomSource): Sealer {
  const keys = readMasterKeys(masterKeys)
  const [current] = keys
  const fingerprintKeys = keys.map(({ key }) => hmacSha256(key, utf8('reshare/v1/fingerprint')))
  const [fingerprintKey] = fingerprintKeys as [Uint8Array]
  const seal: Sealer['seal'] = (context, plaintext) => {
    const about = associatedData(context, current.id)
    const nonce = hedgedRandom(random, 'seal nonce', current.key, about, plaintext)(NONCE_LENGTH)
    const ciphertext = xchacha20poly1305(current.key, nonce, about).encrypt(plaintext)
    return concatBytes(Uint8Array.of(current.id), nonce, ciphertext)
  }
  const open: Sealer['open'] = (context, sealed) => {
    const master = keys.find(({ id }) => id === sealed[0])
    if (master === undefined) throw unreadable(context)
    const nonce = sealed.subarray(1, 1 + NONCE_LENGTH)
    try {
      return xchacha20poly1305(master.key, nonce, associatedData(context, master.id)).decrypt(
        sealed.subarray(1 + NONCE_LENGTH),
      )
    } catch (cause) {
      throw unreadable(context, cause)
    }
  }
  return {
    keyId: current.id,
    seal,
    open,
    reseal(context, sealed) {
      const plaintext = open(context, sealed)
      try {
        return seal(context, plaintext)
      } finally {
        wipe(plaintext)
      }
    },
    fingerprint: (bytes) => hmacSha256(fingerprintKey, bytes),
    isFingerprint: (fingerprint, bytes) =>
      fingerprintKeys.some((key) => equalBytes(hmacSha256(key, bytes), fingerprint)),
  }
}

function associatedData({ purpose, clientId, row }: SealContext, keyId: number): Uint8Array {
  const writer = new Writer().prefixed(utf8('reshare/v1/at-rest')).u8(keyId)
  for (const part of [purpose, clientId, row]) writer.prefixed(utf8(part))
  return writer.finish()
}

function unreadable({ purpose }: SealContext, cause?: unknown): MpcError {
  return new MpcError('SHARE_PARSING_FAILED', `a stored ${purpose} does not open with this master key`, { cause })
}
