import { keccak256 } from '../../../symmetric/keccak256.ts'
import { sha256 } from '../../../symmetric/sha256.ts'
import { abytes } from '../../../util/bytes.ts'

declare const digestBrand: unique symbol

/** A hash to sign: 32 bytes from {@link digest32} or {@link hashMessage}. */
export type Digest32 = Uint8Array & { readonly [digestBrand]: true }

/** The hash of a message before ECDSA: SHA-256, double SHA-256 (Bitcoin), or Keccak-256 (Ethereum). */
export type MessageHash = 'sha256' | 'sha256d' | 'keccak256'

/**
 * Marks 32 bytes as a hash to sign. Whoever signs bytes that are not a hash, or the hash of a message that was not
 * checked, signs blindly.
 *
 * @returns a copy
 * @throws {TypeError | RangeError} unless it is a `Uint8Array` of 32 bytes
 */
export function digest32(bytes: Uint8Array): Digest32 {
  return abytes(bytes, 32, 'digest').slice() as Digest32
}

/**
 * Hashes a message for ECDSA.
 *
 * @throws {TypeError} if the message is not a `Uint8Array`
 * @throws {RangeError} for an unknown hash
 */
export function hashMessage(message: Uint8Array, hash: MessageHash): Digest32 {
  const bytes = abytes(message, undefined, 'message')
  if (hash === 'sha256') return sha256(bytes) as Digest32
  if (hash === 'sha256d') return sha256(sha256(bytes)) as Digest32
  if (hash === 'keccak256') return keccak256(bytes) as Digest32
  throw new RangeError('hash must be sha256, sha256d or keccak256')
}
