import { describe, expect, test } from 'vitest'

import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'

import { getGroup } from '../../src/curve/index.ts'
import type { Point, Scalar } from '../../src/curve/group.ts'
import { portableGroup } from '../../src/curve/portable.ts'
import { wasmGroup } from '../../src/curve/wasm/group.ts'
import { CURVES, partyId } from '../../src/types.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { bytesToNumber, inverse, mod, numberToBytes, ORDER, toScalar } from '../support/bigint-scalars.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'

const FIELD = { secp256k1: 2n ** 256n - 2n ** 32n - 977n, ed25519: 2n ** 255n - 19n }
const GENERATOR = {
  secp256k1: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ed25519: '5866666666666666666666666666666666666666666666666666666666666666',
}

/** Scalars at which carries, windows and recodings go wrong. */
function edgeScalars(order: bigint): bigint[] {
  const powers = [4n, 5n, 8n, 28n, 29n, 32n, 58n, 64n, 127n, 128n, 129n, 203n, 232n, 251n, 252n, 255n]
  const near = powers.flatMap((k) => [2n ** k - 1n, 2n ** k, 2n ** k + 1n])
  const half = (order - 1n) / 2n
  return [0n, 1n, 2n, 3n, half - 1n, half, half + 1n, order - 3n, order - 2n, order - 1n, ...near]
    .filter((value) => value < order)
    .concat(mod(0x5555555555555555555555555555555555555555555555555555555555555555n, order))
    .concat(mod(0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaan, order))
}

describe.each(groups)('Group contract: $name', ({ group }) => {
  const { curve } = group
  const order = ORDER[curve]
  const random = seededRandom()
  const number = (scalar: Scalar): bigint => bytesToNumber(curve, scalar)
  const scalar = (value: bigint): Scalar => toScalar(curve, value)
  const hex = (point: Point): string => (group.isIdentity(point) ? 'identity' : toHex(group.encodePoint(point)))
  const randomNumber = (): bigint => number(group.randomScalar(random))
  const edges = edgeScalars(order)
  const mixed = [...edges, ...Array.from({ length: 12 }, randomNumber)]
  const reference = portableGroup(curve)
  /** k·G as the reference encodes it. */
  const expected = (k: bigint): string => {
    const point = reference.multiplyBase(scalar(k))
    return reference.isIdentity(point) ? 'identity' : toHex(reference.encodePoint(point))
  }

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

  describe('point encodings', () => {
    test('the generator is the published one', () => {
      expect(hex(group.generator)).toBe(GENERATOR[curve])
      expect(group.encodePoint(group.generator)).toHaveLength(group.pointLength)
    })

    test('decode and encode are inverse; each encoding is a fresh copy', () => {
      for (const k of mixed) {
        if (k === 0n) continue
        const bytes = group.encodePoint(group.multiplyBase(scalar(k)))
        const copy = bytes.slice()
        const point = group.decodePoint(copy)
        copy.fill(0)
        expect(hex(point)).toBe(toHex(bytes))
        const out = group.encodePoint(point)
        out.fill(0)
        expect(hex(point)).toBe(toHex(bytes))
        expect(group.equalPoints(point, group.multiplyBase(scalar(k)))).toBe(true)
      }
    })

    test('many points encode as each one does', () => {
      const points = mixed.filter((k) => k !== 0n).map((k) => group.multiplyBase(scalar(k)))
      expect(group.encodePoints(points).map(toHex)).toEqual(points.map((point) => toHex(group.encodePoint(point))))
      expect(group.encodePoints([])).toEqual([])
      expect(() => group.encodePoints([group.generator, group.identity])).toThrow(RangeError)
      expect(() => group.encodePoint(group.identity)).toThrow(RangeError)
    })

    test('wrong lengths are refused', () => {
      const bytes = group.encodePoint(group.generator)
      for (const length of [0, 1, group.pointLength - 1, group.pointLength + 1, 64, 65]) {
        const wrong = new Uint8Array(length)
        wrong.set(bytes.subarray(0, length))
        expect(() => group.decodePoint(wrong), `${length} bytes`).toThrow(CodecError)
      }
    })

    test('random strings decode exactly where the reference decodes them', () => {
      for (let i = 0; i < 24; i++) {
        const bytes = random(group.pointLength)
        if (curve === 'secp256k1') bytes[0] = 2 + ((bytes[0] as number) & 1)
        const attempt = (g: typeof group): string | undefined => {
          try {
            return toHex(g.encodePoint(g.decodePoint(bytes)))
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError)
            return undefined
          }
        }
        const decoded = attempt(group)
        expect(decoded).toBe(attempt(reference))
        if (decoded !== undefined) expect(decoded).toBe(toHex(bytes))
      }
    })

    test('many at once are what each is alone, and one that is none refuses them all', () => {
      const encoded = group.encodePoints(
        group.multiplyBaseBatch(Array.from({ length: 5 }, () => scalar(randomNumber()))),
      )
      // x = 5 has no y on secp256k1; y = 0 belongs to points of order four on ed25519.
      const none = new Uint8Array(group.pointLength)
      if (curve === 'secp256k1') none.set([2, ...new Uint8Array(31), 5])
      for (let count = 0; count <= 5; count++) {
        const some = encoded.slice(0, count)
        expect(group.decodePoints(some).map(hex)).toEqual(some.map(toHex))
        for (let place = 0; place < count; place++) {
          const bad = some.map((bytes, i) => (i === place ? none : bytes))
          expect(() => group.decodePoints(bad), `${place} of ${count}`).toThrow(CodecError)
          const short = some.map((bytes, i) => (i === place ? bytes.subarray(1) : bytes))
          expect(() => group.decodePoints(short)).toThrow(CodecError)
        }
      }
    })

    if (curve === 'secp256k1') {
      const withPrefix = (prefix: number, x: bigint): Uint8Array =>
        Uint8Array.of(prefix, ...numberToBytes('secp256k1', x))

      test('only the prefixes 02 and 03 are compressed points', () => {
        const x = bytesToNumber('secp256k1', fromHex(GENERATOR.secp256k1).subarray(1))
        for (const prefix of [2, 3])
          expect(hex(group.decodePoint(withPrefix(prefix, x))).slice(2)).toBe(GENERATOR.secp256k1.slice(2))
        for (const prefix of [0, 1, 4, 5, 6, 7, 0x82, 255]) {
          expect(() => group.decodePoint(withPrefix(prefix, x)), `prefix ${prefix}`).toThrow(CodecError)
        }
      })

      test('x at or above p is refused, also where x mod p is on the curve', () => {
        // x = 1 is on the curve (1 + 7 = 8 is a square), so p + 1 is a second spelling of the same point.
        expect(() => group.decodePoint(withPrefix(2, 1n))).not.toThrow()
        for (const x of [FIELD.secp256k1 + 1n, FIELD.secp256k1, 2n ** 256n - 1n]) {
          expect(() => group.decodePoint(withPrefix(2, x))).toThrow(CodecError)
          expect(() => group.decodePoint(withPrefix(3, x))).toThrow(CodecError)
        }
      })

      test('x off the curve, zeros and the 65-byte forms are refused', () => {
        // 5^3 + 7 = 132 is not a square.
        expect(() => group.decodePoint(withPrefix(2, 5n))).toThrow(CodecError)
        expect(() => group.decodePoint(withPrefix(2, 0n))).toThrow(CodecError)
        expect(() => group.decodePoint(new Uint8Array(33))).toThrow(CodecError)
        const y = '483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'
        for (const prefix of ['04', '06']) {
          expect(() => group.decodePoint(fromHex(prefix + GENERATOR.secp256k1.slice(2) + y))).toThrow(CodecError)
        }
      })

      test('evenness of y is the prefix of the encoding', () => {
        for (const k of mixed) {
          if (k === 0n) continue
          const point = group.multiplyBase(scalar(k))
          expect(group.hasEvenY(point)).toBe(group.encodePoint(point)[0] === 2)
          expect(group.hasEvenY(group.negatePoint(point))).toBe(!group.hasEvenY(point))
        }
      })
    } else {
      const withSign = (y: bigint, sign: 0 | 1): Uint8Array => numberToBytes('ed25519', y | (BigInt(sign) << 255n))

      test('the eight torsion points are refused', () => {
        expect(ED25519_TORSION_SUBGROUP).toHaveLength(8)
        for (const point of ED25519_TORSION_SUBGROUP) {
          expect(() => group.decodePoint(fromHex(point)), point).toThrow(CodecError)
        }
      })

      test('a point of the prime-order subgroup plus torsion is refused', () => {
        // G + T for each torsion point T ≠ O, computed from the curve equation (see below) by the affine addition law.
        for (const sum of mixedOrderPoints()) {
          expect(() => group.decodePoint(withSign(sum.y, (sum.x & 1n) === 1n ? 1 : 0))).toThrow(CodecError)
        }
      })

      test('y at or above p is refused, for each of the 19 spellings and both signs', () => {
        for (let y = FIELD.ed25519; y < 2n ** 255n; y++) {
          expect(() => group.decodePoint(withSign(y, 0))).toThrow(CodecError)
          expect(() => group.decodePoint(withSign(y, 1))).toThrow(CodecError)
        }
      })

      test('minus zero and the identity are refused', () => {
        for (const y of [1n, FIELD.ed25519 - 1n, 0n]) {
          expect(() => group.decodePoint(withSign(y, 0))).toThrow(CodecError)
          expect(() => group.decodePoint(withSign(y, 1))).toThrow(CodecError)
        }
      })

      test('the sign of x is the top bit of the encoding', () => {
        for (const k of mixed) {
          if (k === 0n) continue
          const point = group.multiplyBase(scalar(k))
          expect(group.hasEvenY(point)).toBe(((group.encodePoint(point)[31] as number) & 0x80) === 0)
          expect(group.hasEvenY(group.negatePoint(point))).toBe(!group.hasEvenY(point))
        }
      })
    }
  })

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

test('getGroup gives the WebAssembly group of the curve that was asked for', () => {
  expect(getGroup('secp256k1').curve).toBe('secp256k1')
  expect(getGroup('ed25519').curve).toBe('ed25519')
  for (const curve of CURVES) {
    expect(getGroup(curve)).toBe(wasmGroup(curve))
    expect(getGroup(curve)).toBe(getGroup(curve))
  }
})

/** G + T on edwards25519 for the seven torsion points T ≠ O, by the affine addition law in integers. */
function mixedOrderPoints(): { x: bigint; y: bigint }[] {
  const p = FIELD.ed25519
  const d = mod(-121665n * inverse(121666n, p), p)
  const rootOfMinusOne = power(2n, (p - 1n) / 4n)
  const base = onCurve(mod(4n * inverse(5n, p), p), 0n)
  return ED25519_TORSION_SUBGROUP.map((text) => {
    const bytes = fromHex(text)
    const sign = BigInt((bytes[31] as number) >> 7)
    bytes[31] = (bytes[31] as number) & 0x7f
    return onCurve(bytesToNumber('ed25519', bytes), sign)
  })
    .filter((torsion) => !(torsion.x === 0n && torsion.y === 1n))
    .map((torsion) => {
      const cross = mod(d * base.x * torsion.x * base.y * torsion.y, p)
      return {
        x: mod((base.x * torsion.y + base.y * torsion.x) * inverse(1n + cross, p), p),
        y: mod((base.y * torsion.y + base.x * torsion.x) * inverse(1n - cross, p), p),
      }
    })

  function power(value: bigint, exponent: bigint): bigint {
    let result = 1n
    for (let base = mod(value, p), e = exponent; e > 0n; e >>= 1n, base = (base * base) % p) {
      if (e & 1n) result = (result * base) % p
    }
    return result
  }

  /** The point with this y whose x has this parity: x² = (y² − 1)/(dy² + 1), p ≡ 5 mod 8. */
  function onCurve(y: bigint, parity: bigint): { x: bigint; y: bigint } {
    const square = mod((y * y - 1n) * inverse(d * y * y + 1n, p), p)
    let x = power(square, (p + 3n) / 8n)
    if ((x * x) % p !== square) x = (x * rootOfMinusOne) % p
    expect((x * x) % p).toBe(square)
    return { x: (x & 1n) === parity ? x : mod(-x, p), y }
  }
}
