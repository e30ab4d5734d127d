import { describe, expect, test } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import type { Scalar } from '../../../src/curve/group.ts'
import { wasmGroup } from '../../../src/curve/wasm/group.ts'
import { CURVES, partyId } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { bytesToNumber, inverse, mod, numberToBytes } from '../../support/bigint-scalars.ts'
import { groups } from '../../support/groups.ts'
import { contractSetting } from './setting.ts'

describe.each(groups)('Group contract: $name', ({ group }) => {
  const { curve, order, random, number, scalar, randomNumber, mixed } = contractSetting(group)

  describe('scalars', () => {
    test('small ones are the numbers they say, others are refused', () => {
      for (const value of [0, 1, 2, 255, 256, 65535, 2 ** 29, 2 ** 32 - 1]) {
        expect(number(group.scalar(value))).toBe(BigInt(value))
      }
      for (const value of [-1, 0.5, 2 ** 32, Number.NaN]) expect(() => group.scalar(value)).toThrow(RangeError)
    })

    test('decoding takes exactly 1..q-1, and zero only where asked', () => {
      for (const value of [1n, order - 1n, randomNumber()]) {
        const bytes = numberToBytes(curve, value)
        const decoded = group.decodeScalar(bytes)
        expect(number(decoded)).toBe(value)
        expect(decoded).not.toBe(bytes)
        bytes.fill(0)
        expect(number(decoded)).toBe(value)
      }
      expect(() => group.decodeScalar(new Uint8Array(32))).toThrow(CodecError)
      expect(group.isZero(group.decodeScalar(new Uint8Array(32), { allowZero: true }))).toBe(true)
      for (const value of [order, order + 1n, 2n ** 256n - 1n, order + randomNumber()]) {
        if (value >= 2n ** 256n) continue
        expect(() => group.decodeScalar(numberToBytes(curve, value))).toThrow(CodecError)
        expect(() => group.decodeScalar(numberToBytes(curve, value), { allowZero: true })).toThrow(CodecError)
      }
      for (const length of [0, 31, 33, 64]) {
        expect(() => group.decodeScalar(new Uint8Array(length).fill(1))).toThrow(CodecError)
      }
    })

    test('wide reduction matches integers', () => {
      const top = 2n ** BigInt(8 * group.wideLength)
      const values = [0n, 1n, order - 1n, order, order + 1n, 2n * order, top - 1n, top - order, (top / order) * order]
      for (const value of values) {
        expect(number(group.reduce(numberToBytes(curve, value, group.wideLength)))).toBe(value % order)
      }
      for (let i = 0; i < 20; i++) {
        const wide = random(group.wideLength)
        expect(number(group.reduce(wide))).toBe(bytesToNumber(curve, wide) % order)
      }
      expect(() => group.reduce(new Uint8Array(group.wideLength - 1))).toThrow(RangeError)
      expect(() => group.reduce(new Uint8Array(group.wideLength + 1))).toThrow(RangeError)
    })

    test('a random one is the reduction of what the source gave, and never zero', () => {
      const wide = random(group.wideLength)
      expect(number(group.randomScalar(() => wide.slice()))).toBe(bytesToNumber(curve, wide) % order)
      expect(() => group.randomScalar((length) => new Uint8Array(length))).toThrow()
    })

    test('field arithmetic matches integers on edge and random values', () => {
      for (const a of mixed) {
        const b = mixed[Number(mod(a, BigInt(mixed.length)))] as bigint
        const c = randomNumber()
        for (const [x, y] of [
          [a, b],
          [a, c],
          [c, a],
          [a, order - 1n],
          [a, 0n],
        ] as const) {
          expect(number(group.add(scalar(x), scalar(y)))).toBe(mod(x + y, order))
          expect(number(group.subtract(scalar(x), scalar(y)))).toBe(mod(x - y, order))
          expect(number(group.multiply(scalar(x), scalar(y)))).toBe(mod(x * y, order))
        }
        expect(number(group.negate(scalar(a)))).toBe(mod(-a, order))
        expect(group.isZero(scalar(a))).toBe(a === 0n)
        expect(group.equalScalars(scalar(a), scalar(a))).toBe(true)
        expect(group.equalScalars(scalar(a), scalar(a + 1n))).toBe(false)
        if (a !== 0n) expect(number(group.invert(scalar(a)))).toBe(inverse(a, order))
      }
      expect(() => group.invert(scalar(0n))).toThrow(RangeError)
    })

    test('the same array may stand on both sides, and inputs stay as they were', () => {
      const a = group.randomScalar(random)
      const before = toHex(a)
      const value = number(a)
      expect(number(group.add(a, a))).toBe(mod(2n * value, order))
      expect(number(group.multiply(a, a))).toBe(mod(value * value, order))
      expect(group.isZero(group.subtract(a, a))).toBe(true)
      group.negate(a)
      group.invert(a)
      group.multiplyBase(a)
      expect(toHex(a)).toBe(before)
    })

    test('results do not share memory with each other', () => {
      const one = group.add(scalar(1n), scalar(2n))
      const two = group.add(scalar(3n), scalar(4n))
      const three = group.evaluatePolynomial([scalar(5n), scalar(6n)], [partyId(1), partyId(2)])
      one.fill(0xff)
      three[0]?.fill(0xff)
      expect(number(two)).toBe(7n)
      expect(number(three[1] as Scalar)).toBe(17n)
    })
  })
})

test('getGroup gives the WebAssembly group of the curve that was asked for', () => {
  expect(getGroup('secp256k1').curve).toBe('secp256k1')
  expect(getGroup('ed25519').curve).toBe('ed25519')
  for (const curve of CURVES) {
    expect(getGroup(curve)).toBe(wasmGroup(curve))
    expect(getGroup(curve)).toBe(getGroup(curve))
  }
})
