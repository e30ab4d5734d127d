import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import { mod } from '../../support/bigint-scalars.ts'
import { groups } from '../../support/groups.ts'
import { contractSetting } from './setting.ts'

describe.each(groups)('Group contract: $name', ({ group }) => {
  const { order, random, scalar, hex, randomNumber, edges, mixed, expected } = contractSetting(group)

  describe('multiplication', () => {
    test('of the generator agrees with the reference, one by one and in a batch', () => {
      const scalars = mixed.map(scalar)
      const wanted = mixed.map(expected)
      expect(scalars.map((s) => hex(group.multiplyBase(s)))).toEqual(wanted)
      expect(group.multiplyBaseBatch(scalars).map(hex)).toEqual(wanted)
      expect(group.multiplyBaseBatch([])).toEqual([])
      for (const size of [1, 2, 3, 5]) {
        expect(group.multiplyBaseBatch(scalars.slice(-size)).map(hex)).toEqual(wanted.slice(-size))
      }
    })

    test('of a point agrees with the reference, one by one and in a batch', () => {
      const factor = randomNumber()
      const point = group.multiplyBase(scalar(factor))
      const scalars = mixed.map(scalar)
      const wanted = mixed.map((k) => expected(mod(k * factor, order)))
      expect(scalars.map((s) => hex(group.multiplyPoint(point, s)))).toEqual(wanted)
      expect(
        group
          .multiplyPointBatch(
            scalars.map(() => point),
            scalars,
          )
          .map(hex),
      ).toEqual(wanted)
      const points = mixed.map((k) => group.multiplyBase(scalar(k)))
      const reversed = [...scalars].reverse()
      expect(group.multiplyPointBatch(points, reversed).map(hex)).toEqual(
        points.map((p, i) => hex(group.multiplyPoint(p, reversed[i] as Scalar))),
      )
      for (const size of [0, 1, 2, 3]) {
        expect(group.multiplyPointBatch(points.slice(0, size), scalars.slice(0, size))).toHaveLength(size)
      }
      expect(() => group.multiplyPointBatch(points, scalars.slice(1))).toThrow(RangeError)
    })

    test('of a decoded point agrees with the one that was computed', () => {
      const point = group.multiplyBase(group.randomScalar(random))
      const decoded = group.decodePoint(group.encodePoint(point))
      const s = group.randomScalar(random)
      expect(hex(group.multiplyPoint(decoded, s))).toBe(hex(group.multiplyPoint(point, s)))
    })

    test('by zero, and of the identity, is the identity', () => {
      const s = group.randomScalar(random)
      expect(group.isIdentity(group.multiplyBase(scalar(0n)))).toBe(true)
      expect(group.isIdentity(group.multiplyPoint(group.generator, scalar(0n)))).toBe(true)
      expect(group.isIdentity(group.multiplyPoint(group.identity, s))).toBe(true)
      const batch = group.multiplyPointBatch([group.identity, group.generator, group.generator], [s, scalar(0n), s])
      expect(batch.map((point) => group.isIdentity(point))).toEqual([true, true, false])
    })
  })

  describe('addition', () => {
    test('agrees with scalars, with doubling, inverses and the identity among the operands', () => {
      for (const a of mixed) {
        const b = randomNumber()
        const A = group.multiplyBase(scalar(a))
        for (const [k, K] of [
          [b, group.multiplyBase(scalar(b))],
          [a, A],
          [a, group.multiplyBase(scalar(a))],
          [mod(-a, order), group.negatePoint(A)],
          [0n, group.identity],
        ] as const) {
          expect(hex(group.addPoints(A, K))).toBe(expected(mod(a + k, order)))
          expect(hex(group.subtractPoints(A, K))).toBe(expected(mod(a - k, order)))
        }
        expect(hex(group.negatePoint(A))).toBe(expected(mod(-a, order)))
        expect(hex(A)).toBe(expected(a))
      }
      expect(group.isIdentity(group.addPoints(group.identity, group.identity))).toBe(true)
      expect(group.isIdentity(group.negatePoint(group.identity))).toBe(true)
    })

    test('equality compares points, not representations', () => {
      const two = group.multiplyBase(scalar(2n))
      const sum = group.addPoints(group.generator, group.generator)
      expect(group.equalPoints(two, sum)).toBe(true)
      expect(group.equalPoints(two, group.generator)).toBe(false)
      expect(group.equalPoints(two, group.negatePoint(two))).toBe(false)
      expect(group.equalPoints(two, group.identity)).toBe(false)
      expect(group.equalPoints(group.identity, two)).toBe(false)
      expect(group.equalPoints(group.subtractPoints(two, sum), group.identity)).toBe(true)
    })

    test('linear combinations agree with scalars, also where terms cancel', () => {
      for (const size of [0, 1, 2, 3, 4, 7, 16, 90]) {
        const ks = Array.from({ length: size }, randomNumber)
        const ss = Array.from({ length: size }, (_, i) =>
          i % 4 === 3 ? (edges[i % edges.length] as bigint) : randomNumber(),
        )
        const sum = ks.reduce((total, k, i) => total + k * (ss[i] as bigint), 0n)
        const points = ks.map((k) => group.multiplyBase(scalar(k)))
        expect(hex(group.linearCombinationVar(points, ss.map(scalar)))).toBe(expected(mod(sum, order)))
      }
      const P = group.multiplyBase(group.randomScalar(random))
      const s = randomNumber()
      const { identity, generator } = group
      expect(group.isIdentity(group.linearCombinationVar([P, P], [scalar(s), scalar(-s)]))).toBe(true)
      expect(group.isIdentity(group.linearCombinationVar([P, group.negatePoint(P)], [scalar(s), scalar(s)]))).toBe(true)
      expect(hex(group.linearCombinationVar([P, P], [scalar(1n), scalar(1n)]))).toBe(hex(group.addPoints(P, P)))
      expect(hex(group.linearCombinationVar([identity, generator], [scalar(s), scalar(3n)]))).toBe(expected(3n))
      expect(hex(group.linearCombinationVar([P, generator], [scalar(0n), scalar(order - 1n)]))).toBe(
        expected(order - 1n),
      )
      expect(() => group.linearCombinationVar([P], [])).toThrow(RangeError)
    })
  })
})
