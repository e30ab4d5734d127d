import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { MpcError } from '../errors.ts'
import { abytes, concatBytes, utf8 } from './bytes.ts'
import { Writer } from './codec.ts'
import type { RandomSource } from './random.ts'

/** What a sealed value is; a value sealed for one purpose does not open for another. */
export type SealPurpose = 'share' | 'session' | 'answer' | 'custodian share' | 'ot pair' | 'presignature'

/** Where a sealed value belongs: it opens there only. */
export interface SealPlace {
  readonly purpose: SealPurpose
  readonly clientId: string
  /** The key of its row. */
  readonly row: string
}

/** Seals what the database keeps. */
export interface Sealer {
  seal(place: SealPlace, plaintext: Uint8Array): Uint8Array
  /** @throws {SHARE_PARSING_FAILED} if the value was not sealed by this master key for this place */
  open(place: SealPlace, sealed: Uint8Array): Uint8Array
  /** 32 bytes that stand for others: without the master key nobody can check a guess at them. */
  fingerprint(bytes: Uint8Array): Uint8Array
}

export const MASTER_KEY_LENGTH = 32

/** Names the master key, so that a later version can hold several while it changes from one to the next. */
const KEY_ID = 1
const NONCE_LENGTH = 24

/**
 * `key id u8 | nonce[24] | XChaCha20-Poly1305 ciphertext and tag`, with the place as associated data. The nonces are
 * random: at 192 bits they do not repeat.
 *
 * @param masterKey 32 bytes; copied
 */
export function createSealer(masterKey: Uint8Array, random: RandomSource): Sealer {
  const key = abytes(masterKey, MASTER_KEY_LENGTH, 'masterKey').slice()
  const fingerprintKey = hmac(sha256, key, utf8('reshare/v1/fingerprint'))
  return {
    seal(place, plaintext) {
      const nonce = random(NONCE_LENGTH)
      const ciphertext = xchacha20poly1305(key, nonce, associatedData(place)).encrypt(plaintext)
      return concatBytes(Uint8Array.of(KEY_ID), nonce, ciphertext)
    },
    open(place, sealed) {
      if (sealed[0] !== KEY_ID) throw unreadable(place)
      const nonce = sealed.subarray(1, 1 + NONCE_LENGTH)
      try {
        return xchacha20poly1305(key, nonce, associatedData(place)).decrypt(sealed.subarray(1 + NONCE_LENGTH))
      } catch (cause) {
        throw unreadable(place, cause)
      }
    },
    fingerprint: (bytes) => hmac(sha256, fingerprintKey, bytes),
  }
}

function associatedData({ purpose, clientId, row }: SealPlace): Uint8Array {
  const writer = new Writer().prefixed(utf8('reshare/v1/at-rest')).u8(KEY_ID)
  for (const part of [purpose, clientId, row]) writer.prefixed(utf8(part))
  return writer.finish()
}

function unreadable({ purpose }: SealPlace, cause?: unknown): MpcError {
  return new MpcError('SHARE_PARSING_FAILED', `a stored ${purpose} does not open with this master key`, { cause })
}
