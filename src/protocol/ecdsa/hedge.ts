import { utf8, wipe } from '../../util/bytes.ts'
import type { RandomSource } from '../../util/random.ts'
import { createHasher } from '../transcript.ts'

const hash = createHasher('secp256k1', 'ecdsa')

/** What a signer draws randomness for. */
export type Drawn = 'nonces' | 'session nonce' | 'choices' | 'check'

/** Randomness for one use, bound to what it is used on: the statement that is signed, or one multiplication of it. */
export type HedgedRandom = (use: Drawn, about: Uint8Array) => RandomSource

/**
 * Randomness that also depends on a secret and on its use: neither a random source that repeats nor the secret alone gives
 * it away, and two statements, steps or peers never share it. A source that repeats for the same statement does repeat
 * its nonces.
 *
 * @param secret a signer's share; must stay unwiped as long as this is used
 */
export function hedgedRandom(random: RandomSource, secret: Uint8Array): HedgedRandom {
  return (use, about) => {
    let draws = 0
    return (length) => {
      const entropy = random(32)
      const key = hash('hedge', entropy, secret, utf8(use), about, draws++)
      const out = new Uint8Array(length)
      for (let at = 0; at < length; at += 32) {
        const block = hash('expand', key, at / 32)
        out.set(block.subarray(0, length - at), at)
        wipe(block)
      }
      wipe(entropy, key)
      return out
    }
  }
}
