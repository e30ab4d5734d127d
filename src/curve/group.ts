import type { Curve } from '../types.ts'
import type { RandomSource } from '../util/random.ts'

declare const scalarBrand: unique symbol

/**
 * A scalar below the group order, as its canonical 32 bytes: big-endian on secp256k1 (SEC 1), little-endian on ed25519
 * (RFC 8032). Only a {@link Group} creates scalars, so they are always reduced. Whoever holds a secret one wipes it.
 */
export type Scalar = Uint8Array & { readonly [scalarBrand]: true }

declare const pointBrand: unique symbol

/**
 * A point of the prime-order subgroup, in the internal form of its backend. Points of different backends cannot be mixed.
 * The identity can be the result of arithmetic, but never of decoding.
 */
export interface Point {
  readonly [pointBrand]: true
}

/**
 * Arithmetic in one prime-order group, on canonical bytes. There are two backends, WebAssembly and portable (on big
 * integers). Code that uses a group works with either.
 *
 * On the WebAssembly backend, the time of every operation is independent of its scalars, unless its name ends in `Var`.
 * The portable backend is only as constant-time as JavaScript big integers are, which is not much.
 *
 * @example
 * const group = getGroup('secp256k1')
 * const secret = group.randomScalar((length) => crypto.getRandomValues(new Uint8Array(length)))
 * const publicKey = group.encodePoint(group.multiplyBase(secret)) // 33 bytes
 */
export interface Group {
  /** The curve. */
  readonly curve: Curve
  /** Length of an encoded point: 33 bytes on secp256k1 (SEC 1 compressed), 32 on ed25519 (RFC 8032). */
  readonly pointLength: 33 | 32
  /** Length of the argument of {@link reduce}: 48 bytes on secp256k1, 64 on ed25519. */
  readonly wideLength: 48 | 64
  /** Whether a multiplication takes a millisecond rather than microseconds: on the portable backend. */
  readonly isSlow: boolean
  /** G */
  readonly generator: Point
  /** The neutral element of the group. */
  readonly identity: Point

  // Encoding
  /** Decodes 32 canonical bytes. @throws {CodecError} if they are not below the order, or zero unless `allowZero` is set */
  decodeScalar(bytes: Uint8Array, options?: { allowZero?: boolean }): Scalar
  /**
   * Decodes a point.
   *
   * @throws {CodecError} unless it is the canonical encoding of a point of the prime-order subgroup, and not the identity
   */
  decodePoint(bytes: Uint8Array): Point
  /** {@link decodePoint} for many points. The WebAssembly backend decodes two at a time. */
  decodePoints(encoded: readonly Uint8Array[]): Point[]
  /** The canonical encoding of a point. @throws {RangeError} for the identity */
  encodePoint(point: Point): Uint8Array
  /** The canonical encodings of many points. @throws {RangeError} for the identity */
  encodePoints(points: readonly Point[]): Uint8Array[]

  // Scalars
  /** The scalar of a small public number. @throws {RangeError} unless it is an integer with 0 ≤ value < 2^32 */
  scalar(value: number): Scalar
  /** Reduces {@link wideLength} uniform bytes, in the curve's byte order, modulo the order. The bias is below 2^-128. */
  reduce(wide: Uint8Array): Scalar
  /** A uniform scalar by wide reduction. @throws {RangeError} if it is zero, which only a broken random source gives */
  randomScalar(random: RandomSource): Scalar
  /** a + b modulo the order. */
  add(a: Scalar, b: Scalar): Scalar
  /** a − b modulo the order. */
  subtract(a: Scalar, b: Scalar): Scalar
  /** a·b modulo the order. */
  multiply(a: Scalar, b: Scalar): Scalar
  /** −a modulo the order. */
  negate(a: Scalar): Scalar
  /** a⁻¹ modulo the order. @throws {RangeError} for zero */
  invert(a: Scalar): Scalar
  /** Whether the scalar is zero, in constant time. */
  isZero(a: Scalar): boolean
  /** Whether two scalars are equal, in constant time. */
  equalScalars(a: Scalar, b: Scalar): boolean

  // Points
  /** s·G */
  multiplyBase(s: Scalar): Point
  /** s_i·G for many scalars. */
  multiplyBaseBatch(scalars: readonly Scalar[]): Point[]
  /** s·P */
  multiplyPoint(point: Point, s: Scalar): Point
  /** s_i·P_i for many points. @throws {RangeError} for different numbers of points and scalars */
  multiplyPointBatch(points: readonly Point[], scalars: readonly Scalar[]): Point[]
  /** A + B. The points may be equal or opposite. */
  addPoints(a: Point, b: Point): Point
  /** A − B. */
  subtractPoints(a: Point, b: Point): Point
  /** −A. */
  negatePoint(a: Point): Point
  /** Whether the point is the identity. */
  isIdentity(a: Point): boolean
  /** Whether two points are the same. */
  equalPoints(a: Point, b: Point): boolean
  /**
   * On secp256k1, whether the affine y of a point is even (BIP 340). On ed25519, whether the affine x is even (RFC 8032).
   *
   * @throws {RangeError} for the identity
   */
  hasEvenY(point: Point): boolean
  /**
   * Σ s_i·P_i in variable time, for public input only. With dozens of terms and more, the time per term goes down as their
   * number grows (Straus, Pippenger).
   *
   * @throws {RangeError} for different numbers of points and scalars
   */
  linearCombinationVar(points: readonly Point[], scalars: readonly Scalar[]): Point

  // Secret sharing
  // Points x are public integers from 1 to 65,535, such as party ids.
  /**
   * f(x) for every x, where f = Σ coefficients[k]·x^k.
   *
   * @throws {RangeError} for an x outside 1..65535
   */
  evaluatePolynomial(coefficients: readonly Scalar[], xs: readonly number[]): Scalar[]
  /**
   * Σ_j weights[j]·xs[j]^k for every k below `count`.
   *
   * @throws {RangeError} for an x outside 1..65535, or different numbers of weights and points
   */
  powerSums(weights: readonly Scalar[], xs: readonly number[], count: number): Scalar[]
  /**
   * The Lagrange coefficient of each x at zero, in the order of `xs`.
   *
   * @throws {RangeError} for an x outside 1..65535, a repeated x, or more than 8,192 of them
   */
  lagrangeCoefficients(xs: readonly number[]): Scalar[]
  /**
   * Σ_k x^k·commitments[k] in variable time: commitments are public.
   *
   * @throws {RangeError} for an x outside 1..65535
   */
  evaluateCommitmentVar(commitments: readonly Point[], x: number): Point
  /** {@link evaluateCommitmentVar} for many x. */
  evaluateCommitmentAtVar(commitments: readonly Point[], xs: readonly number[]): Point[]
}
