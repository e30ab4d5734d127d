import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import { partyId } from '../../../src/types.ts'
import { inverse, mod } from '../../support/bigint-scalars.ts'
import { groups } from '../../support/groups.ts'
import { contractSetting } from './setting.ts'

const GENERATOR = {
  secp256k1: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ed25519: '5866666666666666666666666666666666666666666666666666666666666666',
}

describe.each(groups)('Group contract: $name', ({ group }) => {
  const { curve, order, random, number, scalar, hex, randomNumber, expected } = contractSetting(group)

  describe('sharing', () => {
    const ids = [1, 2, 3, 7, 128, 254, 255].map(partyId)

    test('polynomials evaluate as integers do', () => {
      for (const length of [1, 2, 3, 6]) {
        const values = Array.from({ length }, randomNumber)
        const wanted = ids.map((x) =>
          mod(
            values.reduce((sum, c, k) => sum + c * BigInt(x) ** BigInt(k), 0n),
            order,
          ),
        )
        expect(group.evaluatePolynomial(values.map(scalar), ids).map(number)).toEqual(wanted)
      }
      const top = Array.from({ length: 5 }, () => order - 1n)
      const wanted = ids.map((x) =>
        mod(
          top.reduce((sum, c, k) => sum + c * BigInt(x) ** BigInt(k), 0n),
          order,
        ),
      )
      expect(group.evaluatePolynomial(top.map(scalar), ids).map(number)).toEqual(wanted)
    })

    test('commitments evaluate in the exponent to the same values', () => {
      for (const length of [1, 2, 3, 6]) {
        const coefficients = Array.from({ length }, () => group.randomScalar(random))
        const commitments = group.multiplyBaseBatch(coefficients)
        const values = group.evaluatePolynomial(coefficients, ids)
        for (const [i, x] of ids.entries()) {
          expect(hex(group.evaluateCommitmentVar(commitments, x))).toBe(hex(group.multiplyBase(values[i] as Scalar)))
        }
        const points = group.evaluateCommitmentAtVar(commitments, ids)
        expect(points.map(hex)).toEqual(values.map((value) => hex(group.multiplyBase(value))))
      }
    })

    test('commitments with the identity among them, and with terms that cancel', () => {
      const { identity, generator } = group
      expect(hex(group.evaluateCommitmentVar([generator, identity], partyId(9)))).toBe(GENERATOR[curve])
      expect(hex(group.evaluateCommitmentVar([identity, generator], partyId(9)))).toBe(expected(9n))
      const minusNine = group.multiplyBase(scalar(-9n))
      expect(group.isIdentity(group.evaluateCommitmentVar([minusNine, generator], partyId(9)))).toBe(true)
    })

    test('Lagrange coefficients match integers and recombine', () => {
      for (const set of [[1], [1, 2], [2, 1], [3, 1, 2], [255, 254, 253], [5, 200, 17, 4, 99, 1, 255]]) {
        const wanted = set.map((i) =>
          set.reduce((product, j) => {
            if (j === i) return product
            return mod(product * BigInt(j) * inverse(BigInt(j - i), order), order)
          }, 1n),
        )
        expect(group.lagrangeCoefficients(set.map(partyId)).map(number)).toEqual(wanted)
      }
      const coefficients = Array.from({ length: 5 }, () => group.randomScalar(random))
      const quorum = ids.slice(1, 6)
      const shares = group.evaluatePolynomial(coefficients, quorum)
      const lambdas = group.lagrangeCoefficients(quorum)
      const secret = shares.reduce(
        (sum, s, i) => group.add(sum, group.multiply(s, lambdas[i] as Scalar)),
        group.scalar(0),
      )
      expect(number(secret)).toBe(number(coefficients[0] as Scalar))
    })

    test('sums of powers are those of the integers', () => {
      const xs = [...ids, 256, 65_535]
      const weights = xs.map(randomNumber)
      const wanted = [0, 1, 2, 3].map((k) =>
        mod(
          xs.reduce((sum, x, j) => sum + (weights[j] as bigint) * BigInt(x) ** BigInt(k), 0n),
          order,
        ),
      )
      expect(group.powerSums(weights.map(scalar), xs, 4).map(number)).toEqual(wanted)
      expect(group.powerSums([], [], 2).map(number)).toEqual([0n, 0n])
      expect(() => group.powerSums(weights.map(scalar), ids, 4)).toThrow(RangeError)
    })

    test.each([0, -1, 1.5, 65_536, Number.NaN])('%d is no point to evaluate at', (x) => {
      expect(() => group.evaluatePolynomial([scalar(1n)], [1, x])).toThrow(RangeError)
      expect(() => group.powerSums([scalar(1n)], [x], 1)).toThrow(RangeError)
      expect(() => group.lagrangeCoefficients([1, x])).toThrow(RangeError)
      expect(() => group.evaluateCommitmentVar([group.generator], x)).toThrow(RangeError)
    })

    test('no coefficients of more points than one sharing has', () => {
      expect(() => group.lagrangeCoefficients(Array.from({ length: 8193 }, (_, i) => i + 1))).toThrow(RangeError)
    })

    test('a party id that stands twice has no coefficient', () => {
      for (const set of [
        [1, 1],
        [1, 2, 1],
        [7, 255, 255],
      ]) {
        expect(() => group.lagrangeCoefficients(set.map(partyId))).toThrow(RangeError)
      }
    })
  })
})
