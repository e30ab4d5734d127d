import { describe, expect, test } from 'vitest'
import { CURVES } from '../../src/types.ts'
import { inverse, mod, ORDER } from '../support/bigint-scalars.ts'
import { fromLimbs, readLimbs, toLimbs, writeLimbs } from '../support/bigint/limbs.ts'
import { seededRandom } from '../support/random.ts'
import { fieldExports, R, A, B, C, UNIT } from './field-exports.ts'

// Scalars that assembly splits, recodes and multiplies, against integers.

const { run, view, arena } = await fieldExports()

describe('splitting a scalar of secp256k1 along its endomorphism', () => {
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const lambda = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n
  const random = seededRandom('split')
  const uniform = (): bigint =>
    mod(
      random(40).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
      n,
    )
  const scalars = [0n, 1n, 2n, n - 1n, n - 2n, lambda, n - lambda, lambda + 1n, (n - 1n) / 2n, 2n ** 128n, 2n ** 255n]
  for (let i = 0; i < 200; i++) scalars.push(uniform())

  test('gives halves that are small and recombine', () => {
    for (const k of scalars) {
      writeLimbs(view, arena + C, 'Single', 0, toLimbs(k))
      ;(run['splitScalar'] as (...values: number[]) => void)(arena + A, arena + B, arena + C)
      const [s1, s2] = [A, B]
        .map((at) => fromLimbs(readLimbs(view, arena + at, 'Single', 0)))
        .map((s) => (s > n / 2n ? s - n : s)) as [bigint, bigint]
      expect(mod(s1 + s2 * lambda, n)).toBe(k)
      // 2^127.36 and 2^127.12: half the sums of the basis' coordinates.
      expect((s1 < 0n ? -s1 : s1) < 0xa2a8918ca85bafe22016d0b917e4dd77n + 2n).toBe(true)
      expect((s2 < 0n ? -s2 : s2) < 0x8a65287bd47179fb2be08846cea267edn + 2n).toBe(true)
    }
  })

  test.each([
    { digits: 33, bits: 4, centre: 1 << 15 },
    { digits: 26, bits: 5, centre: 1 << 13 },
  ])('recodes them to $digits odd digits of $bits bits', ({ digits, bits, centre }) => {
    const valueAt = (at: number): bigint => {
      const bytes = Array.from({ length: 33 }, (_, i) => view.getUint8(arena + at + i))
      return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    }
    const base = 2n ** BigInt(bits)
    for (const k of scalars) {
      writeLimbs(view, arena + C, 'Single', 0, toLimbs(k))
      ;(run['recodeSplit'] as (...values: number[]) => void)(arena, arena + C, centre)
      const [u1, u2] = [0, 48].map((at) => {
        const v = valueAt(at)
        const digit = (i: number): bigint => 2n * ((v / base ** BigInt(i)) % base) - (base - 1n)
        return Array.from({ length: digits }, (_, i) => digit(i) * base ** BigInt(i)).reduce((a, b) => a + b)
      }) as [bigint, bigint]
      expect(mod(u1 + u2 * lambda, n)).toBe(k)
      // Before the last window both are below 2^124.5 or 2^123.5, which the addition formulas rest on.
      for (const u of [u1, u2]) expect((u < 0n ? -u : u) / 16n < (2n ** 124n * 14143n) / 10000n).toBe(true)
    }
  })
})

describe.each(CURVES)('short products modulo the order of %s', (curve) => {
  const n = ORDER[curve]
  const random = seededRandom(`short ${curve}`)
  const uniform = (): bigint =>
    mod(
      random(48).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
      n,
    )
  const read = (at: number): bigint => fromLimbs(readLimbs(view, arena + at, 'Single', 0))
  const write = (at: number, limbs: readonly bigint[]): void => writeLimbs(view, arena + at, 'Single', 0, limbs)

  /** Of a loose value: 2^29 more in each limb but the lowest, and as much less in the next. */
  const loosen = (value: bigint): bigint[] => {
    const limbs = toLimbs(value)
    for (let i = 8; i > 0; i--) {
      if (limbs[i] === 0n) continue
      limbs[i] = (limbs[i] as bigint) - 1n
      limbs[i - 1] = (limbs[i - 1] as bigint) + UNIT
    }
    return limbs
  }
  const reduced = [0n, 1n, 2n, UNIT - 1n, UNIT, 2n ** 232n, n - 2n, n - 1n, ...Array.from({ length: 6 }, uniform)]
  const loose = [...reduced, n, n + 1n, 2n * n - 1n, 2n * n, (21n * n) / 10n]

  test('a·x/2^29 + c, below 2.1 times the order with limbs below 2^30', () => {
    for (const a of loose.flatMap((value) => [toLimbs(value), loosen(value)])) {
      for (const c of reduced) {
        for (const x of [1, 2, 3, 255, 256, 0x8000, 0xffff]) {
          write(A, a)
          write(C, toLimbs(c))
          run[`${curve}ShortProduct`]?.(arena + R, arena + A, x, arena + C)
          const wanted = mod(fromLimbs(a) * BigInt(x) * inverse(UNIT, n) + c, n)
          expect(mod(read(R), n)).toBe(wanted)
          expect(10n * read(R)).toBeLessThan(21n * n)
          for (const limb of readLimbs(view, arena + R, 'Single', 0)) expect(limb).toBeLessThan(2n * UNIT)
        }
      }
    }
  })

  test('the result may be an input, and what is loose is reduced', () => {
    const largest = Array.from({ length: 8 }, () => UNIT - 1n).concat(2n ** 31n - 1n)
    // The sum of 128 that are as large as products without c can be: n·8192/8191.
    const sum = toLimbs((128n * 8192n * n) / 8191n)
    for (const limbs of [...loose.map(toLimbs), ...loose.map(loosen), largest, sum]) {
      write(A, limbs)
      run[`${curve}ReduceLoose`]?.(arena + A, arena + A)
      expect(read(A)).toBe(mod(fromLimbs(limbs), n))
    }
    write(A, toLimbs(n - 1n))
    run[`${curve}ShortProduct`]?.(arena + A, arena + A, 0xffff, arena + A)
    expect(mod(read(A) * UNIT, n)).toBe(mod((n - 1n) * (0xffffn + UNIT), n))
  })
})
