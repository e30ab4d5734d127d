import fc from 'fast-check'
import { runningTest, seededRandom, type SeededRandom } from '../../support/random.ts'

/** How many times as many runs as usual: RESHARE_FUZZ, in Node. */
const FACTOR = typeof document === 'undefined' ? Number(process.env['RESHARE_FUZZ'] || 1) : 1

/** Runs in a browser are fewer: the code is the same, only the engine differs. */
const SCALE = typeof document === 'undefined' ? FACTOR : 0.2

/** How long a test with so many runs may hang, in milliseconds. */
export const PATIENCE = 60_000 * Math.max(1, FACTOR)

/** Repeats with a random source for each run, so that one run can be played alone. */
export async function repeat(count: number, play: (random: SeededRandom) => unknown): Promise<void> {
  for (let run = 0; run < Math.ceil(count * SCALE); run++) {
    try {
      await play(seededRandom(`${runningTest()} ${run}`))
    } catch (error) {
      throw new Error(`run ${run}: ${String(error)}`, { cause: error })
    }
  }
}

/** Settings of a property, seeded by the run's seed and the running test. */
export function runs(count: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Math.ceil(count * SCALE), seed: seededRandom().int(0, 2 ** 31 - 1) }
}

/**
 * Bytes that were valid: some changed, cut off, added, moved, or a length in them blown up. Now and then as they were.
 */
export function mutated(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: Math.max(0, valid.length - 1) })
  return fc.oneof(
    fc.array(fc.tuple(at, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }).map((changes) => {
      const bytes = valid.slice()
      for (const [index, difference] of changes) bytes[index] = (bytes[index] ?? 0) ^ difference
      return bytes
    }),
    at.map((length) => valid.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Uint8Array.from([...valid, ...more])),
    fc.tuple(at, fc.constantFrom(0xff, 0x7f, 0x00)).map(([index, byte]) => valid.slice().fill(byte, index, index + 4)),
    fc.tuple(at, at, at).map(([from, to, length]) => valid.slice().copyWithin(to, from, from + length)),
    fc.constant(valid),
  )
}

/** Bytes from nowhere, and bytes that were valid. */
export function hostile(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.oneof({ weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) }, { weight: 4, arbitrary: mutated(valid) })
}
