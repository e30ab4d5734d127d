import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import {
  canonical,
  equal,
  fold,
  invert,
  P,
  powerOfRatio,
  select,
  squareRoot,
} from '../../../src/curve/portable/field.ts'
import { seededRandom } from '../../support/random.ts'
import { toHex } from '../../../src/util/bytes.ts'

const { Fp } = secp256k1.Point
const FOLDED = 1n << 257n

const randomBits = (random: ReturnType<typeof seededRandom>, bytes: number): bigint =>
  BigInt(`0x${toHex(random(bytes))}`)

/** Numbers at the ends of what operations get. */
const EDGES = [0n, 1n, 2n, 977n, P - 1n, P, P + 1n, (1n << 256n) - 1n, 1n << 256n, FOLDED - 1n]

describe('numbers modulo the prime of secp256k1', () => {
  test('the prime is that of @noble/curves', () => {
    expect(P).toBe(Fp.ORDER)
  })

  test('folding keeps a number modulo p, and makes it small, up to the ends of its range and for both signs', () => {
    const random = seededRandom()
    const ends = [
      (1n << 600n) - 1n,
      1n << 599n,
      (1n << 600n) - (1n << 256n),
      ...EDGES.flatMap((a) => EDGES.map((b) => a * b)),
    ]
    const drawn = [0, 8, 31, 32, 33, 64, 65, 75].map((length) => (length === 0 ? 0n : randomBits(random, length)))
    for (const x of [...ends, ...drawn].flatMap((value) => [value, -value])) {
      const folded = fold(x)
      expect(folded < FOLDED && folded > -FOLDED).toBe(true)
      expect(canonical(folded)).toBe(Fp.create(x))
    }
  })

  test('roots, inverses and powers are those of @noble/curves', () => {
    const random = seededRandom()
    for (const x of [...EDGES, ...Array.from({ length: 20 }, () => randomBits(random, 32))]) {
      const value = Fp.create(x)
      expect(canonical(invert(x))).toBe(value === 0n ? 0n : Fp.inv(value))
      expect(canonical(squareRoot(x))).toBe(Fp.pow(value, (P + 1n) / 4n))
      expect(canonical(powerOfRatio(x))).toBe(Fp.pow(value, (P - 3n) / 4n))
      expect(canonical(invert(-x))).toBe(canonical(-invert(x)))
    }
  })

  test('a choice takes the first or the second, of either sign', () => {
    for (const a of [...EDGES, -1n, -P]) {
      for (const b of EDGES) {
        expect([select(a, b, 0n), select(a, b, 1n)]).toEqual([a, b])
        expect(equal(a, b)).toBe(Fp.create(a) === Fp.create(b) ? 1n : 0n)
      }
    }
  })
})
