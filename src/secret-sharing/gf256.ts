import { wipe } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'

// Shamir's scheme over GF(2^8), for each byte of a secret on its own. The field is that of Rijndael (FIPS 197 §4):
// polynomials over GF(2) modulo x^8 + x^4 + x^3 + x + 1. SLIP-39 and HashiCorp Vault share over the same field.
//
// It takes neither tables nor branches: nothing depends on a secret but values.

const MODULUS = 0x11b

/** One share of a byte string: the value of each byte's polynomial at `index`. */
export interface ByteShare {
  /** The point at which the polynomials are evaluated: 1 to 255. */
  readonly index: number
  /** As long as the secret. Secret. */
  readonly value: Uint8Array
}

/** a·b, each of them 0 to 255. Constant time. */
export function multiplyBytes(a: number, b: number): number {
  let product = 0
  let shifted = a
  for (let bit = 0; bit < 8; bit++) {
    // 0 − 1 is all ones; −0, which negation would give, is no small integer in JavaScript engines.
    product ^= shifted & (0 - ((b >> bit) & 1))
    shifted = (shifted << 1) ^ (MODULUS & (0 - (shifted >> 7)))
  }
  return product
}

/** 1/a = a^254, and 0 for 0. Constant time. */
export function invertByte(a: number): number {
  let power = a
  let inverse = 1
  for (let i = 1; i < 8; i++) {
    power = multiplyBytes(power, power)
    inverse = multiplyBytes(inverse, power)
  }
  return inverse
}

/**
 * Splits bytes into shares at the points 1 to `count`. Any `threshold` of them recover the bytes; fewer say nothing about
 * them (Shamir, _How to share a secret_, 1979).
 *
 * @param secret stays the caller's to wipe, as the shares do
 * @throws {RangeError} unless 1 ≤ threshold ≤ count ≤ 255
 */
export function splitBytes(secret: Uint8Array, threshold: number, count: number, random: RandomSource): ByteShare[] {
  const isWithin = Number.isInteger(threshold) && Number.isInteger(count) && threshold >= 1 && count <= 255
  if (!isWithin || threshold > count) throw new RangeError(`no sharing of threshold ${threshold} among ${count}`)
  // Uniform, the highest one too: it may be zero.
  const coefficients = Array.from({ length: threshold - 1 }, () => random(secret.length))
  try {
    return Array.from({ length: count }, (_, i) => ({
      index: i + 1,
      value: evaluate([secret, ...coefficients], i + 1),
    }))
  } finally {
    wipe(...coefficients)
  }
}

/** Horner's rule. */
function evaluate(coefficients: readonly Uint8Array[], at: number): Uint8Array {
  const value = new Uint8Array((coefficients[0] as Uint8Array).length)
  for (let k = coefficients.length - 1; k >= 0; k--) {
    const coefficient = coefficients[k] as Uint8Array
    for (let i = 0; i < value.length; i++) {
      value[i] = multiplyBytes(value[i] as number, at) ^ (coefficient[i] as number)
    }
  }
  return value
}

/**
 * The value at a point of the polynomials through all of these shares: at 0 the secret, elsewhere another share.
 *
 * A wrong share is not noticed.
 *
 * @param at 0 to 255, public as the indices are
 * @returns secret bytes, which the caller wipes
 * @throws {RangeError} if there is no share, an index is repeated or outside 1..255, or the lengths differ
 */
export function interpolateBytes(shares: readonly ByteShare[], at: number): Uint8Array {
  const indices = shares.map(({ index }) => index)
  const areIndices = indices.every((index) => Number.isInteger(index) && index >= 1 && index <= 255)
  if (!areIndices || new Set(indices).size !== indices.length) throw new RangeError('the indices of shares are wrong')
  const length = shares[0]?.value.length
  if (length === undefined || shares.some(({ value }) => value.length !== length)) {
    throw new RangeError('shares must be of one length, and at least one')
  }
  const sum = new Uint8Array(length)
  for (const { index, value } of shares) {
    const weight = lagrangeCoefficient(index, indices, at)
    for (let i = 0; i < length; i++) sum[i] = (sum[i] as number) ^ multiplyBytes(value[i] as number, weight)
  }
  return sum
}

/** Π (at − j)/(index − j) over the other indices j. */
function lagrangeCoefficient(index: number, indices: readonly number[], at: number): number {
  let [numerator, denominator] = [1, 1]
  for (const other of indices) {
    if (other === index) continue
    numerator = multiplyBytes(numerator, at ^ other)
    denominator = multiplyBytes(denominator, index ^ other)
  }
  return multiplyBytes(numerator, invertByte(denominator))
}
