import { describe, expect, test } from 'vitest'

import type { Scalar } from '../../src/curve/group.ts'
import { shamirToAdditive } from '../../src/secret-sharing/additive.ts'
import {
  commit,
  sumCommitments,
  verifyingShare,
  verifyingShares,
  verifyShare,
} from '../../src/secret-sharing/feldman.ts'
import { sum, weightedSum } from '../../src/secret-sharing/scalars.ts'
import { randomPolynomial, recombine, split } from '../../src/secret-sharing/shamir.ts'
import { findWrongShares } from '../../src/secret-sharing/wrong-shares.ts'
import { partyId } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { bytesToNumber, inverse, mod, ORDER, toScalar } from '../support/bigint-scalars.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { recordingGroup } from '../support/recording-group.ts'

const ids = (...numbers: number[]) => numbers.map(partyId)

/** Interpolation at zero, written out in integers. */
function interpolate(points: readonly { x: bigint; y: bigint }[], q: bigint): bigint {
  return points.reduce((total, { x, y }) => {
    const others = points.filter((point) => point.x !== x)
    const weight = others.reduce((product, other) => product * other.x * inverse(other.x - x, q), 1n)
    return mod(total + y * weight, q)
  }, 0n)
}

/** Every choice of `size` of the items. */
function choose<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, i) => choose(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]))
}

describe.each(groups)('sharing: $name', ({ group }) => {
  const q = ORDER[group.curve]
  const random = seededRandom()
  const number = (scalar: Scalar): bigint => bytesToNumber(group.curve, scalar)

  test('sums and weighted sums are those of the integers, and leave their inputs alone', () => {
    const values = Array.from({ length: 6 }, () => group.randomScalar(random))
    const weights = Array.from({ length: 6 }, () => group.randomScalar(random))
    const before = [...values, ...weights].map(toHex)
    const total = values.reduce((a, b) => a + number(b), 0n)
    const product = values.reduce((a, b, i) => a + number(b) * number(weights[i] as Scalar), 0n)
    expect(number(sum(group, values))).toBe(mod(total, q))
    expect(number(weightedSum(group, weights, values))).toBe(mod(product, q))
    expect(number(sum(group, []))).toBe(0n)
    expect([...values, ...weights].map(toHex)).toEqual(before)
  })

  describe('Shamir', () => {
    test.each([
      [1, 1],
      [1, 3],
      [2, 2],
      [2, 3],
      [3, 5],
      [5, 7],
    ])('%i of %i: every quorum recombines', (t, n) => {
      const secret = group.randomScalar(random)
      const shares = split(group, secret, t, ids(...Array.from({ length: n }, (_, i) => i + 1)), random)
      for (const quorum of choose(shares, t)) {
        expect(number(recombine(group, quorum, t))).toBe(number(secret))
        const points = quorum.map(({ id, value }) => ({ x: BigInt(id), y: number(value) }))
        expect(interpolate(points, q)).toBe(number(secret))
      }
      expect(number(recombine(group, shares, t))).toBe(number(secret))
    })

    test('one share fewer gives another value', () => {
      const secret = group.randomScalar(random)
      const shares = split(group, secret, 3, ids(1, 2, 3), random)
      expect(number(recombine(group, shares.slice(1), 2))).not.toBe(number(secret))
    })

    test('the polynomial has the constant, the length, and copies what it was given', () => {
      const secret = group.randomScalar(random)
      const coefficients = randomPolynomial(group, secret, 4, random)
      expect(coefficients).toHaveLength(4)
      coefficients[0]?.fill(0)
      expect(group.isZero(secret)).toBe(false)
    })

    test('ids far apart and extreme secrets', () => {
      for (const secret of [0n, 1n, q - 1n]) {
        const shares = split(group, toScalar(group.curve, secret), 3, ids(255, 1, 128, 2), random)
        for (const quorum of choose(shares, 3)) expect(number(recombine(group, quorum, 3))).toBe(secret)
      }
    })

    test('the threshold may be as high as there are parties', () => {
      const random = (length: number) => new Uint8Array(length).fill(7)
      expect(randomPolynomial(group, group.scalar(1), 8192, random)).toHaveLength(8192)
    })

    test('wrong arguments', () => {
      const secret = group.randomScalar(random)
      for (const t of [0, -1, 1.5, 8193]) expect(() => randomPolynomial(group, secret, t, random)).toThrow(RangeError)
      expect(() => split(group, secret, 0, ids(1, 2), random)).toThrow(RangeError)
      expect(() => split(group, secret, 3, ids(1, 2), random)).toThrow(RangeError)
      expect(() => split(group, secret, 2, ids(1, 1), random)).toThrow(RangeError)
      const shares = split(group, secret, 2, ids(1, 2), random)
      expect(() => recombine(group, shares.slice(1), 2)).toThrow(RangeError)
      expect(() => recombine(group, [shares[0]!, shares[0]!], 2)).toThrow(RangeError)
    })
  })

  describe('Feldman', () => {
    test('a right share verifies, and only under its own id', () => {
      const coefficients = randomPolynomial(group, group.randomScalar(random), 3, random)
      const commitment = commit(group, coefficients)
      const parties = ids(1, 2, 77, 255)
      const values = group.evaluatePolynomial(coefficients, parties)
      for (const [i, id] of parties.entries()) {
        const value = values[i] as Scalar
        expect(verifyShare(group, commitment, id, value)).toBe(true)
        expect(verifyShare(group, commitment, partyId(3), value)).toBe(false)
        expect(verifyShare(group, commitment, id, group.add(value, group.scalar(1)))).toBe(false)
        expect(verifyShare(group, commitment.slice(0, 2), id, value)).toBe(false)
        expect(group.equalPoints(verifyingShare(group, commitment, id), group.multiplyBase(value))).toBe(true)
      }
      const all = verifyingShares(group, commitment, parties)
      expect(all.map((point, i) => group.equalPoints(point, group.multiplyBase(values[i] as Scalar)))).toEqual(
        parties.map(() => true),
      )
    })

    test('right shares are checked together, whatever their number, and few of them one by one', () => {
      const coefficients = randomPolynomial(group, group.randomScalar(random), 2, random)
      const commitment = commit(group, coefficients)
      for (const [n, multiplications] of [
        [2, 2],
        [5, 1],
        [40, 1],
      ] as const) {
        const parties = Array.from({ length: n }, (_, i) => i + 1)
        const values = group.evaluatePolynomial(coefficients, parties)
        const shares = parties.map((id, i) => ({ id, value: values[i] as Scalar }))
        let counted = 0
        const counting = { ...group, multiplyBase: (s: Scalar) => (counted++, group.multiplyBase(s)) }
        expect(findWrongShares(counting, commitment, shares, random)).toEqual([])
        expect(counted).toBe(multiplications)
      }
    })

    test.each([0, 1, 4, 5, 23])('of %i shares, those that are wrong are found', (n) => {
      const coefficients = randomPolynomial(group, group.randomScalar(random), 3, random)
      const commitment = commit(group, coefficients)
      const parties = Array.from({ length: n }, (_, i) => 3 * i + 1)
      const values = group.evaluatePolynomial(coefficients, parties)
      const right = parties.map((id, i) => ({ id, value: values[i] as Scalar }))
      expect(findWrongShares(group, commitment, right, random)).toEqual([])
      for (const wrong of [[0], [n - 1], [1, 2, n - 2], parties.keys()].map((places) => new Set(places))) {
        const shares = right.map((share, i) =>
          wrong.has(i) ? { ...share, value: group.add(share.value, group.scalar(i + 1)) } : share,
        )
        const names = parties.filter((_, i) => wrong.has(i))
        expect(findWrongShares(group, commitment, shares, random)).toEqual(names)
      }
    })

    test('errors that cancel out are found too', () => {
      const coefficients = randomPolynomial(group, group.randomScalar(random), 2, random)
      const parties = [1, 2, 3, 4, 5, 6]
      const values = group.evaluatePolynomial(coefficients, parties)
      const shares = parties.map((id, i) => ({ id, value: values[i] as Scalar }))
      const error = group.randomScalar(random)
      shares[1] = { id: 2, value: group.add(values[1] as Scalar, error) }
      shares[4] = { id: 5, value: group.subtract(values[4] as Scalar, error) }
      expect(findWrongShares(group, commit(group, coefficients), shares, random)).toEqual([2, 5])
    })

    test('the sum of commitments commits to the sum of polynomials', () => {
      const dealers = Array.from({ length: 3 }, () => randomPolynomial(group, group.randomScalar(random), 2, random))
      const total = sumCommitments(
        group,
        dealers.map((coefficients) => commit(group, coefficients)),
      )
      const id = partyId(5)
      const share = sum(
        group,
        dealers.map((coefficients) => group.evaluatePolynomial(coefficients, [id])[0] as Scalar),
      )
      expect(verifyShare(group, total, id, share)).toBe(true)
      expect(() => sumCommitments(group, [])).toThrow(RangeError)
      expect(() => sumCommitments(group, [total, total.slice(1)])).toThrow(RangeError)
      expect(() => sumCommitments(group, [total.slice(1), total])).toThrow(RangeError)
    })
  })

  test('nothing secret is left but what is given out', () => {
    const products = recordingGroup(group, ['add', 'multiply'])
    const values = Array.from({ length: 5 }, () => group.randomScalar(random))
    const total = weightedSum(products.group, values, values)
    expect(products.left([total])).toEqual([])

    const polynomial = recordingGroup(group, ['randomScalar'])
    const shares = split(polynomial.group, values[0] as Scalar, 3, [1, 2, 3], random)
    expect(polynomial.left(shares.map(({ value }) => value))).toEqual([])

    const many = Array.from({ length: 5 }, (_, i) => ({ id: i + 1, value: values[i] as Scalar }))
    const checked = recordingGroup(group, ['add', 'multiply'])
    findWrongShares(checked.group, [group.generator], many, random)
    expect(checked.left([])).toEqual([])
  })

  describe('additive', () => {
    test('shares of a quorum add up to the secret', () => {
      const secret = group.randomScalar(random)
      const shares = split(group, secret, 3, ids(4, 9, 200, 31), random)
      for (const quorum of choose(shares, 3)) {
        const members = quorum.map(({ id }) => id)
        const additive = quorum.map((share) => shamirToAdditive(group, share, members))
        expect(
          mod(
            additive.reduce((a, b) => a + number(b), 0n),
            q,
          ),
        ).toBe(number(secret))
      }
    })

    test('a party outside the quorum has no additive share', () => {
      const share = { id: partyId(3), value: group.scalar(7) }
      expect(() => shamirToAdditive(group, share, ids(1, 2))).toThrow(RangeError)
      expect(() => shamirToAdditive(group, share, ids(3, 3))).toThrow(RangeError)
    })
  })
})
