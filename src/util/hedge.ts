import { wipe } from './bytes.ts'
import type { RandomSource } from './random.ts'
import { type Part, taggedHash } from './tagged-hash.ts'
import { type Label, tag } from './tags.ts'

/** The use of random bytes. */
export type Drawn = Exclude<Label<'hedge'>, 'stream' | 'draw'>

const BLOCK_LENGTH = 32

/**
 * A random source whose bytes also depend on a secret and on the statement for which they are used. So the secret is safe
 * even if `random` repeats (a snapshot of a machine, a fork, a broken polyfill) or is known to somebody.
 *
 * Draw number n is `TH("stream", TH(drawn, random(32), secret, n, about …), block)`, cut to the requested length. Each draw
 * takes 32 bytes of `random`. If SHA-256 is modelled as a random function:
 *
 * - If `random` is good, the bytes are good, whatever the other inputs are.
 * - Whatever `random` returns, the bytes are unknown without the secret. They reveal nothing about bytes for another use,
 *   secret or statement, or of another draw.
 * - The same `random(32)`, use, secret, statement and n give the same bytes, so a nonce may repeat. That is harmless only
 *   if `about` determines everything that the response with that nonce depends on: then the response repeats too. A value
 *   that a peer chooses after the draw is not determined. So a party that sends second draws after it has received the
 *   first message, and includes it in `about`. A party that sends first cannot do so: its `random` must not repeat.
 * - With an empty secret, only statements are kept apart: whoever knows the output of `random` knows the bytes.
 *
 * @param secret read at each draw, so do not wipe it while this source is used
 * @param about the whole statement, in parts whose number and types are fixed by `drawn`
 */
export function hedgedRandom(
  random: RandomSource,
  drawn: Drawn,
  secret: Uint8Array,
  ...about: readonly Part[]
): RandomSource {
  let draws = 0
  return (length) => {
    const entropy = random(BLOCK_LENGTH)
    const key = taggedHash(tag('wallet', 'hedge', drawn), entropy, secret, draws++, ...about)
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += BLOCK_LENGTH) {
      const block = taggedHash(tag('wallet', 'hedge', 'stream'), key, at / BLOCK_LENGTH)
      out.set(block.subarray(0, length - at), at)
      wipe(block)
    }
    wipe(entropy, key)
    return out
  }
}
