import { wipe } from '../../util/bytes.ts'
import type { RandomSource } from '../../util/random.ts'
import { createHasher } from '../transcript.ts'

const hash = createHasher('secp256k1', 'ecdsa')

/**
 * Randomness that also depends on a secret: neither a weak random source alone nor the secret alone gives it away.
 *
 * @param secret a signer's share; must stay unwiped as long as this is used
 */
export function hedgedRandom(random: RandomSource, secret: Uint8Array): RandomSource {
  let draws = 0
  return (length) => {
    const entropy = random(32)
    const key = hash('hedge', entropy, secret, draws++)
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
