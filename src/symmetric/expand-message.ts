import { concatBytes, wipe } from '../util/bytes.ts'
import { sha256 } from './sha256.ts'

const HASH = 32
const BLOCK = 64

/**
 * expand_message_xmd of RFC 9380 §5.3.1 with SHA-256.
 *
 * @param domain 1 to 255 bytes
 * @param length in bytes, at most 255 · 32
 * @throws {RangeError} if the domain or length is of no such size
 */
export function expandMessage(message: Uint8Array, domain: Uint8Array, length: number): Uint8Array {
  if (domain.length === 0 || domain.length > 255) throw new RangeError('a domain has 1 to 255 bytes')
  const count = Math.ceil(length / HASH)
  if (count > 255) throw new RangeError(`at most ${255 * HASH} bytes are expanded, got ${length}`)
  const end = concatBytes(domain, Uint8Array.of(domain.length))
  const input = concatBytes(new Uint8Array(BLOCK), message, Uint8Array.of(length >> 8, length, 0), end)
  const first = sha256(input)
  const out = new Uint8Array(count * HASH)
  const chained = new Uint8Array(HASH)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < HASH; j++) chained[j]! ^= first[j]!
    const block = concatBytes(chained, Uint8Array.of(i + 1), end)
    const hash = sha256(block)
    chained.set(hash)
    out.set(hash, i * HASH)
    wipe(block, hash)
  }
  const expanded = out.slice(0, length)
  wipe(input, first, out, chained)
  return expanded
}
