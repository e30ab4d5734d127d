import { concatBytes, wipe } from '../util/bytes.ts'
import { sha256 } from './sha256.ts'
import { sha512 } from './sha512.ts'

// HMAC (RFC 2104).

/** HMAC-SHA-256, 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(sha256, 64, key, message)
}

/** HMAC-SHA-512, 64 bytes. */
export function hmacSha512(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(sha512, 128, key, message)
}

function hmac(
  hash: (bytes: Uint8Array) => Uint8Array,
  block: number,
  key: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const padded = new Uint8Array(block)
  const short = key.length > block ? hash(key) : undefined
  padded.set(short ?? key)
  const inside = withPad(padded, 0x36, message)
  const inner = hash(inside)
  const outside = withPad(padded, 0x5c, inner)
  const digest = hash(outside)
  wipe(padded, short, inside, inner, outside)
  return digest
}

/** The padded key, each byte XOR the same, and bytes behind it. */
function withPad(key: Uint8Array, pad: number, rest: Uint8Array): Uint8Array {
  const bytes = concatBytes(key, rest)
  for (let i = 0; i < key.length; i++) bytes[i]! ^= pad
  return bytes
}
