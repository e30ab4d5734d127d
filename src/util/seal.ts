import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { MpcError } from '../errors.ts'
import { concatBytes, equalBytes, utf8, wipe } from './bytes.ts'
import { Writer } from './codec.ts'
import { readMasterKeys, type MasterKeys } from './master-keys.ts'
import { hedgedRandom } from './hedge.ts'
import type { RandomSource } from './random.ts'

/** What a sealed value is; a value sealed for one purpose does not open for another. */
export type SealPurpose = 'share' | 'session' | 'answer' | 'custodian share' | 'ot pair' | 'preprocessing' | 'audit key'

/** Where a sealed value belongs: it opens there only. */
export interface SealContext {
  readonly purpose: SealPurpose
  readonly clientId: string
  /** The key of its row. */
  readonly row: string
}

/** Seals what the database keeps: by one key, and opens what any of several has sealed. */
export interface Sealer {
  /** The id of the key that seals, which is the first byte of what it has sealed. */
  readonly keyId: number
  seal(place: SealContext, plaintext: Uint8Array): Uint8Array
  /** @throws {SHARE_PARSING_FAILED} if the value was not sealed by one of the master keys for this place */
  open(place: SealContext, sealed: Uint8Array): Uint8Array
  /** The same value sealed by the current key. @throws {SHARE_PARSING_FAILED} as {@link open} does */
  reseal(place: SealContext, sealed: Uint8Array): Uint8Array
  /** 32 bytes that stand for others: without the master key nobody can check a guess at them. */
  fingerprint(bytes: Uint8Array): Uint8Array
  /** Whether one of the master keys gives the bytes this fingerprint. */
  isFingerprint(fingerprint: Uint8Array, bytes: Uint8Array): boolean
}

const NONCE_LENGTH = 24

/**
 * `key id u8 | nonce[24] | XChaCha20-Poly1305 ciphertext and tag`, with the place and the key id as associated data. The
 * nonces are random, at 192 bits do not repeat, and depend on key, place and plaintext: where the random source repeats, the
 * same nonce seals the same value alone.
 *
 * @param masterKeys copied
 * @throws {TypeError | RangeError} for keys that are none
 */
export function createSealer(masterKeys: MasterKeys, random: RandomSource): Sealer {
  const keys = readMasterKeys(masterKeys)
  const [current] = keys
  const fingerprintKeys = keys.map(({ key }) => hmac(sha256, key, utf8('reshare/v1/fingerprint')))
  const [fingerprintKey] = fingerprintKeys as [Uint8Array]
  const seal: Sealer['seal'] = (place, plaintext) => {
    const about = associatedData(place, current.id)
    const nonce = hedgedRandom(random, 'seal nonce', current.key, about, plaintext)(NONCE_LENGTH)
    const ciphertext = xchacha20poly1305(current.key, nonce, about).encrypt(plaintext)
    return concatBytes(Uint8Array.of(current.id), nonce, ciphertext)
  }
  const open: Sealer['open'] = (place, sealed) => {
    const master = keys.find(({ id }) => id === sealed[0])
    if (master === undefined) throw unreadable(place)
    const nonce = sealed.subarray(1, 1 + NONCE_LENGTH)
    try {
      return xchacha20poly1305(master.key, nonce, associatedData(place, master.id)).decrypt(
        sealed.subarray(1 + NONCE_LENGTH),
      )
    } catch (cause) {
      throw unreadable(place, cause)
    }
  }
  return {
    keyId: current.id,
    seal,
    open,
    reseal(place, sealed) {
      const plaintext = open(place, sealed)
      try {
        return seal(place, plaintext)
      } finally {
        wipe(plaintext)
      }
    },
    fingerprint: (bytes) => hmac(sha256, fingerprintKey, bytes),
    isFingerprint: (fingerprint, bytes) =>
      fingerprintKeys.some((key) => equalBytes(hmac(sha256, key, bytes), fingerprint)),
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
