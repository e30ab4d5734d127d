import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import { hashToSecp256k1 } from '../../../src/curve/portable/hash-to-curve.ts'
import { P } from '../../../src/curve/portable/field.ts'
import { SECP256K1_POINTS } from '../../../src/curve/portable/secp256k1.ts'
import { ORDER } from '../../../src/curve/portable/secp256k1-multiply.ts'
import type { Secp256k1Point } from '../../../src/curve/portable/secp256k1-point.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { isCodecError } from '../../../src/util/codec.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'

const { Point } = secp256k1
type Reference = typeof Point.BASE
const points = SECP256K1_POINTS

/** λ: λ·(x, y) = (β·x, y) */
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n

const EDGES = [
  0n,
  1n,
  2n,
  7n,
  8n,
  9n,
  15n,
  16n,
  1n << 127n,
  1n << 128n,
  1n << 255n,
  LAMBDA,
  ORDER - LAMBDA,
  LAMBDA + 1n,
]
  .flatMap((k) => [k, ORDER - k])
  .filter((k) => k < ORDER)
const NIBBLES = Array.from({ length: 16 }, (_, digit) => BigInt(`0x${digit.toString(16).repeat(64)}`) % ORDER)

const randomScalar = (random: SeededRandom): bigint => BigInt(`0x${toHex(random(32))}`) % ORDER

const toOwn = (point: Reference): Secp256k1Point => (point.is0() ? points.identity : points.decode(point.toBytes(true)))

/** k·P for every k and P, the identity too. */
const times = (point: Reference, k: bigint): Reference =>
  k === 0n || point.is0() ? Point.ZERO : point.multiplyUnsafe(k)

function expectSame(own: Secp256k1Point, reference: Reference): void {
  expect(points.isIdentity(own)).toBe(reference.is0())
  if (!reference.is0()) expect(toHex(points.encode([own])[0]!)).toBe(toHex(reference.toBytes(true)))
}

describe('secp256k1 on big integers agrees with @noble/curves', () => {
  test('in its order and generator', () => {
    expect(ORDER).toBe(Point.Fn.ORDER)
    expectSame(points.generator, Point.BASE)
  })

  test('in multiples of the generator and of other points, at the ends of every range', () => {
    const random = seededRandom()
    const other = Point.BASE.multiply(randomScalar(random) || 1n)
    const drawn = Array.from({ length: 12 }, () => randomScalar(random))
    for (const k of [...EDGES, ...NIBBLES, ...drawn]) {
      expectSame(points.multiplyGenerator(k), times(Point.BASE, k))
      expectSame(points.multiply(toOwn(other), k), times(other, k))
      expectSame(points.multiply(points.identity, k), Point.ZERO)
    }
  })

  test('in sums, whatever the points are to each other and however they are represented', () => {
    const random = seededRandom()
    const few = [0n, 1n, 2n, ORDER - 1n, LAMBDA, randomScalar(random)].map((k) => times(Point.BASE, k))
    for (const a of few) {
      for (const b of few) {
        const forms = [
          toOwn(a),
          points.multiply(toOwn(a), 1n),
          points.add(toOwn(a.add(Point.BASE)), points.negate(points.generator)),
        ]
        for (const form of forms) {
          expectSame(points.add(form, toOwn(b)), a.add(b))
          expectSame(points.add(toOwn(b), points.negate(form)), b.subtract(a))
          expect(points.equal(form, toOwn(b))).toBe(a.equals(b))
        }
      }
    }
  })

  test('in combinations and small multiples of public points', () => {
    const random = seededRandom()
    for (const size of [0, 1, 2, 5]) {
      const own = Array.from({ length: size }, () => Point.BASE.multiply(randomScalar(random) || 1n))
      const scalars = own.map((_, i) => (i === 1 ? 0n : randomScalar(random)))
      const sum = own.reduce((total, point, i) => total.add(times(point, scalars[i]!)), Point.ZERO)
      expectSame(points.linearCombinationVar(own.map(toOwn), scalars), sum)
    }
    const cancelled = points.linearCombinationVar([points.generator, points.generator], [5n, ORDER - 5n])
    expect(points.isIdentity(cancelled)).toBe(true)
    for (let k = 0; k < 256; k++) expectSame(points.multiplySmallVar(points.generator, k), times(Point.BASE, BigInt(k)))
  })

  test('in decoding: points of both signs, and nothing else', () => {
    const random = seededRandom()
    let decoded = 0
    const texts = [0n, 1n, 2n, 5n, 7n, P - 1n, P, P + 1n, (1n << 256n) - 1n].map((x) =>
      x.toString(16).padStart(64, '0'),
    )
    for (const x of [...texts, ...Array.from({ length: 20 }, () => toHex(random(32)))]) {
      for (const prefix of ['00', '01', '02', '03', '04', '06', 'ff']) {
        const bytes = Uint8Array.from((prefix + x).match(/../g)!, (byte) => Number.parseInt(byte, 16))
        let reference: Reference | undefined
        try {
          reference = Point.fromBytes(bytes)
        } catch {
          // It is not the encoding of a point.
        }
        if (reference === undefined) expect(() => points.decode(bytes)).toThrow(expect.toSatisfy(isCodecError))
        else expectSame(points.decode(bytes), reference)
        if (reference !== undefined) decoded++
      }
    }
    expect(decoded).toBeGreaterThan(0)
    const even = points.multiplyGenerator(randomScalar(random))
    expect(points.hasEvenSign(even)).toBe(points.encode([even])[0]![0] === 2)
    expect(points.hasEvenSign(points.negate(even))).toBe(points.encode([even])[0]![0] === 3)
  })

  test('in hashes to the curve, and the vectors of RFC 9380', () => {
    const random = seededRandom()
    const domain = 'a domain of this test'
    for (const length of [0, 1, 31, 64, 70, 200]) {
      const message = random(length)
      expectSame(
        hashToSecp256k1(message, utf8(domain)),
        Point.fromAffine(secp256k1_hasher.hashToCurve(message, { DST: domain }).toAffine()),
      )
    }
    // Appendix J.8.1
    const suite = utf8('QUUX-V01-CS02-with-secp256k1_XMD:SHA-256_SSWU_RO_')
    for (const [message, x] of [
      ['', 'c1cae290e291aee617ebaef1be6d73861479c48b841eaba9b7b5852ddfeb1346'],
      ['abc', '3377e01eab42db296b512293120c6cee72b6ecf9f9205760bd9ff11fb3cb2c4b'],
      ['abcdef0123456789', 'bac54083f293f1fe08e4a70137260aa90783a5cb84d3f35848b324d0674b0e3a'],
    ] as const) {
      expect(toHex(points.encode([hashToSecp256k1(utf8(message), suite)])[0]!.subarray(1))).toBe(x)
    }
  })
})
