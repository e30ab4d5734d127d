import { abytes } from './bytes.ts'
import { platformRandom } from './platform-random.ts'
import { taggedHash } from './tagged-hash.ts'
import { tag } from './tags.ts'

/** Gives `length` fresh, uniformly random bytes. */
export type RandomSource = (length: number) => Uint8Array

const BLOCK_LENGTH = 32

/** How many draws this process has made. */
let draws = 0

/**
 * The platform's cryptographic random generator ({@link platformRandom}) with a hash of the time and a count added by XOR.
 * That leaves the platform's bytes as good as they are, and keeps two draws apart where it gives the same bytes again:
 * always within a process, and else (a snapshot started twice, a fork) unless the clock says the same too, to its last
 * digit. It does not make guessable bytes unknown.
 */
export const systemRandom: RandomSource = (length) => {
  const out = platformRandom(length)
  // Absent in a few runtimes.
  const { performance } = globalThis as { readonly performance?: Performance }
  const now = new Uint8Array(
    Float64Array.of(draws++, Date.now(), performance?.timeOrigin ?? 0, performance?.now() ?? 0).buffer,
  )
  for (let at = 0; at < length; at += BLOCK_LENGTH) {
    const block = taggedHash(tag('wallet', 'hedge', 'draw'), now, at / BLOCK_LENGTH)
    for (let i = at; i < Math.min(at + BLOCK_LENGTH, length); i++)
      out[i] = (out[i] as number) ^ (block[i - at] as number)
  }
  return out
}

/**
 * A random source as a caller has given it, whose every answer is bytes of the length that was asked for.
 *
 * @returns the same; throws a TypeError or RangeError for an answer that is none
 * @throws {TypeError} if it is no function
 */
export function checkRandom(random: RandomSource): RandomSource {
  if (typeof random !== 'function') throw new TypeError('random must be a function')
  return (length) => abytes(random(length), length, 'what random gives')
}
