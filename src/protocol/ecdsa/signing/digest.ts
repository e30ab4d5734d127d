import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'

import { abytes } from '../../../util/bytes.ts'

declare const digestBrand: unique symbol

/** A hash that is about to be signed: 32 bytes that {@link digest32} or {@link hashMessage} made. */
export type Digest32 = Uint8Array & { readonly [digestBrand]: true }

/** How a message is hashed before ECDSA: SHA-256, twice SHA-256 (Bitcoin), Keccak-256 (Ethereum). */
export type MessageHash = 'sha256' | 'sha256d' | 'keccak256'

/**
 * Takes 32 bytes for a hash. Signing what is not one, or a hash whose message was not seen, is signing blindly.
 *
 * @throws {TypeError | RangeError} unless it is a `Uint8Array` of 32 bytes
 */
export function digest32(bytes: Uint8Array): Digest32 {
  return abytes(bytes, 32, 'digest').slice() as Digest32
}

/**
 * Hashes a message.
 *
 * @throws {TypeError} if the message is not a `Uint8Array`
 * @throws {RangeError} for an unknown hash
 */
export function hashMessage(message: Uint8Array, hash: MessageHash): Digest32 {
  const bytes = abytes(message, undefined, 'message')
  if (hash === 'sha256') return sha256(bytes) as Digest32
  if (hash === 'sha256d') return sha256(sha256(bytes)) as Digest32
  if (hash === 'keccak256') return keccak_256(bytes) as Digest32
  throw new RangeError('hash must be sha256, sha256d or keccak256')
}
