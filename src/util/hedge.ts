import { wipe } from './bytes.ts'
import type { RandomSource } from './random.ts'
import { type Part, taggedHash } from './tagged-hash.ts'
import { type Label, tag } from './tags.ts'

/** What bytes are drawn for. */
export type Drawn = Exclude<Label<'hedge'>, 'stream' | 'draw'>

const BLOCK_LENGTH = 32

/**
 * A random source whose bytes also depend on a secret and on the statement that they will be used on, so that a source
 * that repeats (a snapshot of a machine, a fork, a broken polyfill) or is known to somebody does not give the secret away.
 *
 * Draw number n is `TH("stream", TH(drawn, random(32), secret, n, about …), block)`, cut to the length that was asked for;
 * each draw takes 32 bytes of `random`. With SHA-256 as a random function:
 *
 * - While `random` is good, so are the bytes, whatever the rest is.
 * - Whatever `random` gives, the bytes are unknown to whoever does not know the secret, and say nothing about bytes that
 *   were drawn for another use, secret or statement, or by another draw of this source.
 * - The same `random(32)`, use, secret, statement and n give the same bytes. A nonce that is drawn so may repeat. It does
 *   no harm only if `about` fixes everything that the nonce's answer will depend on: then the answer repeats too. What a
 *   peer can still choose after the draw is not fixed. So whoever moves second draws after having seen what the first has
 *   sent, and has that in `about`. Whoever moves first cannot: there `random` itself must not repeat.
 * - Without a secret (no bytes), only statements are kept apart: who knows what `random` gives knows the bytes.
 *
 * @param secret read at each draw: this source must not outlive it
 * @param about the whole statement, in parts whose number and kinds are fixed by `drawn`
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
