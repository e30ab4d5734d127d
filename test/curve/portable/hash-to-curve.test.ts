import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { numberToBytesBE } from '@noble/curves/utils.js'
import { expect, test } from 'vitest'
import { canonical, invert, P, squareRoot } from '../../../src/curve/portable/field.ts'
import { mapUniform } from '../../../src/curve/portable/hash-to-curve.ts'
import { SECP256K1_POINTS } from '../../../src/curve/portable/secp256k1.ts'
import { concatBytes, toHex } from '../../../src/util/bytes.ts'

/** The sum of what two numbers are mapped to. */
function mapped(...numbers: readonly [bigint, bigint]) {
  return mapUniform(concatBytes(...numbers.map((u) => numberToBytesBE(u, 48))))
}

const { Point } = secp256k1
// Its type says less than it is: for this curve it takes a number and gives a point.
const mapByReference = secp256k1_hasher.mapToCurve as unknown as (u: bigint) => typeof Point.BASE
const referenceOf = (u: bigint) => Point.fromAffine(mapByReference(u).toAffine())

/** ±√(1/11), for which, as for 0, Z²·u⁴ + Z·u² is 0. */
const ROOT = canonical(squareRoot(invert(11n)))
const NUMBERS = [0n, 1n, 2n, ROOT, P - ROOT, P - 1n, P - 2n, (P - 1n) / 2n, 0x1234567n]

test('the exceptional numbers are those', () => {
  expect(canonical(11n * ROOT * ROOT)).toBe(1n)
})

test('exceptional and other numbers are mapped as by @noble/curves', () => {
  for (const a of NUMBERS) {
    for (const b of NUMBERS) {
      const reference = referenceOf(a).add(referenceOf(b))
      const own = mapped(a, b)
      expect(SECP256K1_POINTS.isIdentity(own)).toBe(reference.is0())
      if (!reference.is0()) expect(toHex(SECP256K1_POINTS.encode([own])[0]!)).toBe(toHex(reference.toBytes(true)))
    }
  }
})

test('numbers of 48 bytes count modulo the prime, and opposite ones give the identity', () => {
  const [own, other] = [mapped(5n * P + 3n, 7n), mapped(3n, (1n << 127n) * P + 7n)]
  expect(SECP256K1_POINTS.equal(own, other)).toBe(true)
  expect(SECP256K1_POINTS.isIdentity(mapped(3n, P - 3n))).toBe(true)
})
