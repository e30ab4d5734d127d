import { expandMessage } from '../../symmetric/expand-message.ts'
import { bytesToNumberBE } from '@noble/curves/utils.js'
import { canonical, equal, fold, powerOfRatio, select } from './field.ts'
import { add, type Secp256k1Point } from './secp256k1-point.ts'

// RFC 9380 §8.7, secp256k1_XMD:SHA-256_SSWU_RO_. Points of the isogenous curve y² = x³ + A·x + B are kept as fractions, so
// that nothing is inverted. The isogeny is of degree 3, and no point of the curve is in its kernel, since the order is prime.

const A = 0x3f8731abdd661adca08a5558f0f5d272e953d363cb6f0e5d405447c01a444533n
const B = 1771n
const Z = -11n
/** √−Z */
const ROOT = 0x31fdf302724013e57ad13fb38f842afeec184f00a74789dd286729c8303c4a59n

/** The coefficients of the isogeny from the constant one up (RFC 9380, Appendix E.1). The leading one of a divisor is 1. */
const X_NUMERATOR = [
  0x8e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38daaaaa8c7n,
  0x7d3d4c80bc321d5b9f315cea7fd44c5d595d2fc0bf63b92dfff1044f17c6581n,
  0x534c328d23f234e6e2a413deca25caece4506144037c40314ecbd0b53d9dd262n,
  0x8e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38daaaaa88cn,
]
const X_DIVISOR = [
  0xd35771193d94918a9ca34ccbb7b640dd86cd409542f8487d9fe6b745781eb49bn,
  0xedadc6f64383dc1df7c4b2d51b54225406d36b641f5e41bbc52a56612a8c6d14n,
  1n,
]
const Y_NUMERATOR = [
  0x4bda12f684bda12f684bda12f684bda12f684bda12f684bda12f684b8e38e23cn,
  0xc75e0c32d5cb7c0fa9d0a54b12a0a6d5647ab046d686da6fdffc90fc201d71a3n,
  0x29a6194691f91a73715209ef6512e576722830a201be2018a765e85a9ecee931n,
  0x2f684bda12f684bda12f684bda12f684bda12f684bda12f684bda12f38e38d84n,
]
const Y_DIVISOR = [
  0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffff93bn,
  0x7a06534bb8bdb49fd5e9e6632722c2989467c1bfc8e8d978dfb425d2685c2573n,
  0x6484aa716545ca2cf3a70c3fa8fe337e0a3d21162f0d6299a7bf8192bfd2a76fn,
  1n,
]

/** 1 for an odd number from 0 to p − 1: sgn0 of RFC 9380. */
function signOf(x: bigint): bigint {
  return canonical(x) & 1n
}

/** Simplified SWU (RFC 9380 §6.6.2) with straight-line code (Appendix F.2). @returns n/d and y */
function mapToIsogenous(u: bigint): { readonly n: bigint; readonly d: bigint; readonly y: bigint } {
  const zuu = fold(Z * fold(u * u))
  const sum = fold(zuu * zuu) + zuu
  const n = fold(B * (sum + 1n))
  const d = fold(A * select(-sum, Z, equal(sum, 0n)))
  const dd = fold(d * d)
  const ddd = fold(dd * d)
  // g(n/d) = u/v
  const gu = fold(fold(n * n + A * dd) * n + B * ddd)
  const gv = ddd
  // sqrt_ratio of p = 3 mod 4 (Appendix F.2.1.2)
  const uv = fold(gu * gv)
  const root = fold(powerOfRatio(fold(uv * fold(gv * gv))) * uv)
  const isSquare = equal(fold(root * root) * gv, gu)
  const other = fold(fold(root * ROOT) * fold(zuu * u))
  const y = select(other, root, isSquare)
  return { n: select(fold(zuu * n), n, isSquare), d, y: select(y, -y, signOf(u) ^ signOf(y)) }
}

/** d^m·f(n/d) for the coefficients of a polynomial f of degree m, and the powers of n and d. */
function evaluate(coefficients: readonly bigint[], n: readonly bigint[], d: readonly bigint[]): bigint {
  const degree = coefficients.length - 1
  return fold(coefficients.reduce((sum, coefficient, i) => sum + coefficient * fold(n[i]! * d[degree - i]!), 0n))
}

/** The isogeny, from fractions to homogeneous coordinates. */
function mapToCurve(u: bigint): Secp256k1Point {
  const { n, d, y } = mapToIsogenous(u)
  const powersOf = (x: bigint): bigint[] => [1n, x, fold(x * x), fold(fold(x * x) * x)]
  const [ofN, ofD] = [powersOf(n), powersOf(d)]
  const xDivisor = fold(evaluate(X_DIVISOR, ofN, ofD) * d)
  const yDivisor = evaluate(Y_DIVISOR, ofN, ofD)
  return {
    x: fold(evaluate(X_NUMERATOR, ofN, ofD) * yDivisor),
    y: fold(fold(y * evaluate(Y_NUMERATOR, ofN, ofD)) * xDivisor),
    z: fold(xDivisor * yDivisor),
  }
}

/**
 * The sum of the points that two numbers of 48 bytes are mapped to.
 *
 * @internal for tests: no message is known that gives the exceptional numbers
 */
export function mapUniform(uniform: Uint8Array): Secp256k1Point {
  const [first, second] = [uniform.subarray(0, 48), uniform.subarray(48)].map((part) =>
    mapToCurve(canonical(bytesToNumberBE(part))),
  ) as [Secp256k1Point, Secp256k1Point]
  return add(first, second)
}

/** Hashes a message to a point of secp256k1 whose discrete logarithm nobody knows. */
export function hashToSecp256k1(message: Uint8Array, domain: Uint8Array): Secp256k1Point {
  return mapUniform(expandMessage(message, domain, 96))
}
