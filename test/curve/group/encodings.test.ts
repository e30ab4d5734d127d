import { describe, expect, test } from 'vitest'
import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { bytesToNumber, inverse, mod, numberToBytes } from '../../support/bigint-scalars.ts'
import { groups } from '../../support/groups.ts'
import { contractSetting } from './setting.ts'

const FIELD = { secp256k1: 2n ** 256n - 2n ** 32n - 977n, ed25519: 2n ** 255n - 19n }
const GENERATOR = {
  secp256k1: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ed25519: '5866666666666666666666666666666666666666666666666666666666666666',
}

describe.each(groups)('Group contract: $name', ({ group }) => {
  const { curve, random, scalar, hex, randomNumber, mixed, reference } = contractSetting(group)

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
