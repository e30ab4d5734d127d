import { sha256 } from '@noble/hashes/sha2.js'
import { expect, inject } from 'vitest'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The seed of this run: new each time, or RESHARE_TEST_SEED. The reporter prints it. */
    seed: string
  }
}

/** A repeatable random source for tests. */
export type SeededRandom = RandomSource & {
  /** A uniform whole number, `minimum ≤ n ≤ maximum`, of a range of at most 2^32. */
  int(minimum: number, maximum: number): number
  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T
}

/**
 * A stream of SHA-256(seed, label, counter) blocks: the same seed and label give the same bytes in every engine.
 *
 * The run prints its seed as `RESHARE_TEST_SEED=…`; setting that variable repeats the run.
 *
 * @param label separates streams; by default the running file and test, so that the order of tests does not matter
 */
export function seededRandom(label: string = runningTest()): SeededRandom {
  const key = sha256(utf8(JSON.stringify([inject('seed'), label])))
  let counter = 0

  const block = (): Uint8Array => {
    const index = new Uint8Array(4)
    new DataView(index.buffer).setUint32(0, counter++)
    return sha256(concatBytes(key, index))
  }

  const bytes: RandomSource = (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, block)
    return concatBytes(...blocks).slice(0, length)
  }

  const below = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`no uniform number below ${bound}`)
    }
    const limit = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const word = new DataView(block().buffer).getUint32(0)
      if (word < limit) return word % bound
    }
  }

  return Object.assign(bytes, {
    int: (minimum: number, maximum: number) => minimum + below(maximum - minimum + 1),
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
  })
}

/** The file without its folder, which is not the same on every machine, and the test. */
export function runningTest(): string {
  const { testPath = '', currentTestName = '' } = expect.getState()
  return `${testPath.replace(/^.*[/\\]test[/\\]/, '')} ${currentTestName}`
}
