import fc from 'fast-check'
import { seededRandom } from '../../support/random.ts'

/** Runs in a browser are fewer: the code is the same, only the engine differs. */
const SCALE = typeof document === 'undefined' ? 1 : 0.2

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
