import { abytes } from './bytes.ts'
import { platformRandom } from './platform-random.ts'
import { taggedHash } from './tagged-hash.ts'
import { tag } from './tags.ts'

/** Returns `length` fresh, uniformly random bytes. */
export type RandomSource = (length: number) => Uint8Array

const BLOCK_LENGTH = 32

/** How many draws this process has made. */
let draws = 0

/**
 * The platform's cryptographic random generator ({@link platformRandom}), XORed with a hash of the time and a counter.
 *
 * This never weakens the platform's bytes. If the platform repeats its bytes, two draws still differ: always within a
 * process, and otherwise (a snapshot started twice, a fork) unless the clock returns exactly the same time. It does not make
 * guessable bytes unpredictable.
 */
export const systemRandom: RandomSource = (length) => {
  const out = platformRandom(length)
  // A few runtimes do not have it.
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
 * Wraps a caller's random source, so that every value that it returns is checked.
 *
 * @returns a source that throws a `TypeError` or `RangeError` if `random` does not return bytes of the requested length
 * @throws {TypeError} if it is not a function
 */
export function checkRandom(random: RandomSource): RandomSource {
  if (typeof random !== 'function') throw new TypeError('random must be a function')
  return (length) => abytes(random(length), length, 'what random gives')
}
