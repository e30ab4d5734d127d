import { sha256 } from '@noble/hashes/sha2.js'
import { expect, inject } from 'vitest'

import { utf8 } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The seed of this run: new each time, or RESHARE_TEST_SEED. The reporter prints it. */
    seed: string
  }
}

/**
 * A reproducible random source: SHA-256 of the run's seed, the test file and a counter.
 *
 * A failed run is repeated with the printed `RESHARE_TEST_SEED=…`.
 */
export function seededRandom(seed: string = `${inject('seed')} ${testFile()}`): RandomSource {
  const key = sha256(utf8(seed))
  let counter = 0
  return (length) => {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      const block = sha256
        .create()
        .update(key)
        .update(utf8(String(counter++)))
        .digest()
      out.set(block.subarray(0, length - at), at)
    }
    return out
  }
}

/** The name of the test file without its folder, which is not the same on every machine. */
function testFile(): string {
  return (expect.getState().testPath ?? '').replace(/^.*[/\\]test[/\\]/, '')
}
