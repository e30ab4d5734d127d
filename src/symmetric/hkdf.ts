import { concatBytes, wipe } from '../util/bytes.ts'
import { hmacSha256 } from './hmac.ts'

// HKDF (RFC 5869) with SHA-256.

const HASH = 32
const MAX_LENGTH = 255 * HASH

/** A key of 32 bytes, uniform, of a secret. @param salt none is 32 zeros */
export function extract(secret: Uint8Array, salt: Uint8Array = new Uint8Array(HASH)): Uint8Array {
  return hmacSha256(salt, secret)
}

/**
 * Expands a key of {@link extract}.
 *
 * @param length in bytes, at most 255 · 32
 * @throws {RangeError} if it is longer
 */
export function expand(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > MAX_LENGTH) throw new RangeError(`at most ${MAX_LENGTH} bytes are expanded, got ${length}`)
  const out = new Uint8Array(length)
  let last = new Uint8Array(0)
  for (let at = 0; at < length; at += HASH) {
    const input = concatBytes(last, info, Uint8Array.of(at / HASH + 1))
    wipe(last)
    last = hmacSha256(key, input) as Uint8Array<ArrayBuffer>
    wipe(input)
    out.set(last.subarray(0, length - at), at)
  }
  wipe(last)
  return out
}

/** Both at once. */
export function hkdf(secret: Uint8Array, salt: Uint8Array | undefined, info: Uint8Array, length: number): Uint8Array {
  const key = extract(secret, salt)
  try {
    return expand(key, info, length)
  } finally {
    wipe(key)
  }
}
