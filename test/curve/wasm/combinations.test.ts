import { describe, expect, test } from 'vitest'
import type { Point, Scalar } from '../../../src/curve/group.ts'
import { CURVES, partyId } from '../../../src/types.ts'
import { bytesToNumber, inverse, mod, ORDER } from '../../support/bigint-scalars.ts'
import { LAMBDA, wasmSetting } from './setting.ts'

describe.each(CURVES)('%s on the module', (curve) => {
  const { group, order, random, scalar, uniform, hex, product, edge } = wasmSetting(curve)

  // 64 is where the method changes; 96, 112, 224, 320 and 640 digits change their width; a call takes 512.
  const SIZES = [1, 2, 3, 31, 63, 64, 65, 95, 96, 111, 112, 223, 224, 319, 320, 511, 512, 513, 576, 639, 640, 2000]

  test('combinations of any size', () => {
    const logarithms = Array.from({ length: 2000 }, (_, i) => edge(i))
    const scalars = Array.from({ length: 2000 }, (_, i) => edge(i + (i >> 3)))
    const points = group.multiplyBaseBatch(logarithms)
    for (const size of SIZES) {
      const from = 2000 - size
      const sum = scalars.slice(from).reduce((total, s, i) => total + product(s, logarithms[from + i] as Scalar), 0n)
      const combination = group.linearCombinationVar(points.slice(from), scalars.slice(from))
      expect(hex(combination), `${size} terms`).toBe(hex(group.multiplyBase(scalar(sum))))
    }
  })

  test('combinations with the generator among the terms, which has a table of its own', () => {
    const { generator } = group
    const [d, s, t] = [uniform(), uniform(), uniform()] as const
    const point = group.multiplyBase(scalar(d))
    const sum = (points: readonly Point[], ...factors: bigint[]): string =>
      hex(group.linearCombinationVar(points, factors.map(scalar)))
    const wanted = (k: bigint): string => hex(group.multiplyBase(scalar(k)))
    const edges = [0n, 1n, 2n, 127n, 128n, 129n, 2n ** 128n, LAMBDA, (order - 1n) / 2n, order - 2n, order - 1n]
    for (const k of [...edges, s]) {
      expect(sum([generator], k)).toBe(wanted(k))
      expect(sum([generator, point], k, t)).toBe(wanted(k + t * d))
      expect(sum([point, generator], t, k)).toBe(wanted(k + t * d))
      expect(sum([generator, point], k, 0n)).toBe(wanted(k))
      expect(sum([generator, point, generator], k, t, s)).toBe(wanted(k + t * d + s))
      expect(sum([generator, generator], k, -k)).toBe('identity')
    }
    for (const size of [62, 63, 64, 65, 513]) {
      const points = Array.from({ length: size }, (_, i) => (i === size - 1 ? generator : point))
      const ones = points.map((_, i) => BigInt(i))
      const rest = BigInt((size - 1) * (size - 2)) / 2n
      expect(sum(points, ...ones)).toBe(wanted(rest * d + BigInt(size - 1)))
    }
  })

  test('large combinations whose partial sums vanish or coincide', () => {
    const point = group.multiplyBase(group.randomScalar(random))
    const negative = group.negatePoint(point)
    for (const size of [64, 300]) {
      const s = group.randomScalar(random)
      const same = Array.from({ length: size }, () => s)
      const all = Array.from({ length: size }, () => point)
      const half = all.map((one, i) => (i % 2 === 0 ? one : negative))
      const wanted = group.multiplyPoint(point, group.multiply(s, group.scalar(size)))
      expect(hex(group.linearCombinationVar(all, same))).toBe(hex(wanted))
      expect(group.isIdentity(group.linearCombinationVar(half, same))).toBe(true)
      const sorted = all.map((one, i) => (i < size / 2 ? one : negative))
      expect(group.isIdentity(group.linearCombinationVar(sorted, same))).toBe(true)
      const none = all.map(() => group.identity)
      expect(group.isIdentity(group.linearCombinationVar(none, same))).toBe(true)
      expect(
        group.isIdentity(
          group.linearCombinationVar(
            all,
            same.map(() => group.scalar(0)),
          ),
        ),
      ).toBe(true)
      const ones = all.map(() => scalar(order - 1n))
      expect(hex(group.linearCombinationVar(all, ones))).toBe(
        hex(group.multiplyPoint(point, group.negate(group.scalar(size)))),
      )
    }
  })

  test('combinations whose partial sums vanish or coincide', () => {
    const point = group.multiplyBase(group.randomScalar(random))
    const negative = group.negatePoint(point)
    for (const [a, b] of [
      [1n, 1n],
      [5n, 5n],
      [5n, 3n],
      [2n ** 130n, 2n ** 130n],
      [LAMBDA, LAMBDA],
      [1n, LAMBDA],
      [order - 1n, 1n],
    ] as const) {
      const wanted = (k: bigint): string => hex(group.multiplyPoint(point, scalar(k)))
      expect(hex(group.linearCombinationVar([point, point], [scalar(a), scalar(b)]))).toBe(wanted(a + b))
      expect(hex(group.linearCombinationVar([point, negative], [scalar(a), scalar(b)]))).toBe(wanted(a - b))
    }
  })

  test.each([1, 2, 639, 640, 641, 899, 900, 901, 1801])('%i coefficients, in as many calls as they take', (count) => {
    const coefficients = Array.from({ length: count }, () => group.randomScalar(random))
    const at = (x: bigint): bigint =>
      coefficients.reduceRight((sum, c) => mod(sum * x + bytesToNumber(curve, c), order), 0n)
    const xs = [1, 200, 255, 256, 65_535]
    const wanted = xs.map((x) => at(BigInt(x)))
    expect(group.evaluatePolynomial(coefficients, xs).map((value) => bytesToNumber(curve, value))).toEqual(wanted)
    // Products of the generator: the polynomial in the exponent.
    const commitment = group.multiplyBaseBatch(coefficients)
    const expected = group.multiplyBaseBatch(wanted.map(scalar))
    expect(group.evaluateCommitmentAtVar(commitment, xs).map(hex)).toEqual(expected.map(hex))
    expect(hex(group.evaluateCommitmentVar(commitment, 255))).toBe(hex(expected[2] as Point))
    const weights = xs.map(() => group.randomScalar(random))
    const powers = group.powerSums(weights, xs, count)
    const sums = Array.from({ length: count }, (_, k) =>
      xs.reduce((sum, x, j) => sum + bytesToNumber(curve, weights[j] as Scalar) * power(BigInt(x), k), 0n),
    )
    expect(powers.map((value) => bytesToNumber(curve, value))).toEqual(sums.map((sum) => mod(sum, order)))
  })

  test.each([0, 1, 127, 128, 129, 255, 256, 257, 513])('%i points, in as many calls as they take', (count) => {
    const xs = Array.from({ length: count }, (_, i) => 65_535 - 100 * i)
    const coefficients = [uniform(), uniform(), uniform()]
    const [a, b, c] = coefficients as [bigint, bigint, bigint]
    const values = xs.map((x) => mod(a + b * BigInt(x) + c * BigInt(x) ** 2n, order))
    const scalars = group.evaluatePolynomial(coefficients.map(scalar), xs)
    expect(scalars.map((value) => bytesToNumber(curve, value))).toEqual(values)
    const line = group.multiplyBaseBatch(coefficients.map(scalar))
    const points = group.evaluateCommitmentAtVar(line, xs)
    expect(points.map(hex)).toEqual(group.multiplyBaseBatch(scalars).map(hex))
    const sums = [0n, 1n].map((k) => xs.reduce((sum, x, j) => sum + (values[j] as bigint) * BigInt(x) ** k, 0n))
    const wanted = sums.map((sum) => mod(sum, order))
    expect(group.powerSums(scalars, xs, 2).map((value) => bytesToNumber(curve, value))).toEqual(wanted)
    const lambdas = group.lagrangeCoefficients(xs).map((lambda) => bytesToNumber(curve, lambda))
    const secret = lambdas.reduce((sum, lambda, j) => sum + lambda * (values[j] as bigint), 0n)
    if (count >= 3) expect(mod(secret, order)).toBe(a)
  })

  test('the largest weights, all ones in every limb of their sums', () => {
    const weights = Array.from({ length: 128 }, () => scalar(order - 1n))
    const xs = weights.map((_, i) => 65_535 - i)
    const sums = [0, 1, 2].map((k) => xs.reduce((sum, x) => sum - power(BigInt(x), k), 0n))
    const wanted = sums.map((sum) => mod(sum, order))
    expect(group.powerSums(weights, xs, 3).map((value) => bytesToNumber(curve, value))).toEqual(wanted)
  })

  test('a polynomial without a constant term shares zero', () => {
    const ids = [1, 2, 5, 9].map(partyId)
    const coefficients = [group.scalar(0), ...Array.from({ length: 3 }, () => group.randomScalar(random))]
    const shares = group.evaluatePolynomial(coefficients, ids)
    const lambdas = group.lagrangeCoefficients(ids)
    const sum = shares.reduce(
      (total, s, i) => group.add(total, group.multiply(s, lambdas[i] as Scalar)),
      group.scalar(0),
    )
    expect(group.isZero(sum)).toBe(true)
    expect(shares.some((s) => group.isZero(s))).toBe(false)
  })

  test.each([255, 256, 257, 1000])('Lagrange coefficients of %i points', (count) => {
    const xs = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? i + 1 : 65_535 - i))
    const lambdas = group.lagrangeCoefficients(xs)
    for (const at of [0, 1, 254, count - 1]) {
      const own = BigInt(xs[at] as number)
      const [top, bottom] = xs.reduce(
        ([p, q], x, i) => (i === at ? [p, q] : [mod(p * BigInt(x), order), mod(q * (BigInt(x) - own), order)]),
        [1n, 1n],
      )
      expect(bytesToNumber(curve, lambdas[at] as Scalar)).toBe(mod(top * inverse(bottom, order), order))
    }
    expect(() => group.lagrangeCoefficients([...xs, xs[0] as number])).toThrow(RangeError)
  })
})

/** base^exponent modulo a number that both orders divide, so that it stays small. */
function power(base: bigint, exponent: number): bigint {
  const modulus = ORDER.secp256k1 * ORDER.ed25519
  let result = 1n
  for (let square = base, e = exponent; e > 0; e >>= 1, square = (square * square) % modulus) {
    if (e & 1) result = (result * square) % modulus
  }
  return result
}
