import type { Curve } from '../types.ts'
import type { RandomSource } from '../util/random.ts'

declare const scalarBrand: unique symbol

/**
 * A scalar below the group order, as its canonical 32 bytes: big-endian on secp256k1 (SEC 1), little-endian on ed25519
 * (RFC 8032). Only a {@link Group} makes one, so it is always reduced. Secret ones are wiped by their holder.
 */
export type Scalar = Uint8Array & { readonly [scalarBrand]: true }

declare const pointBrand: unique symbol

/**
 * A point of the prime-order subgroup, decoded once and held in the backend's own form. The identity can arise from
 * arithmetic but never from decoding. Points belong to the backend that made them.
 */
export interface Point {
  readonly [pointBrand]: true
}

/**
 * Arithmetic in one prime-order group, on canonical bytes. Two backends implement it (WebAssembly, and portable on
 * \@noble/curves); the layers above cannot tell which one they were handed.
 *
 * Secrets: every operation whose name does not end in `Var` takes time independent of its scalars on the WebAssembly
 * backend. The portable backend is only as constant-time as JavaScript big integers are, which is not much.
 */
export interface Group {
  readonly curve: Curve
  /** Bytes of an encoded point: 33 (SEC 1 compressed) or 32 (RFC 8032). */
  readonly pointLength: 33 | 32
  /** Bytes that {@link reduce} wants: 48 or 64. */
  readonly wideLength: 48 | 64
  readonly generator: Point
  readonly identity: Point

  // Edge: bytes in and out
  /** @throws {CodecError} unless 32 canonical bytes below the order; zero is refused unless `allowZero` */
  decodeScalar(bytes: Uint8Array, options?: { allowZero?: boolean }): Scalar
  /** @throws {CodecError} unless a canonical encoding of a non-identity point of the prime-order subgroup */
  decodePoint(bytes: Uint8Array): Point
  /** {@link decodePoint} for many, two at a time. @throws {CodecError} if one of them is not such an encoding */
  decodePoints(encoded: readonly Uint8Array[]): Point[]
  /** Canonical bytes, a fresh copy. @throws {RangeError} for the identity */
  encodePoint(point: Point): Uint8Array
  /** Canonical bytes of many points, sharing one inversion. @throws {RangeError} for the identity */
  encodePoints(points: readonly Point[]): Uint8Array[]

  // Scalars
  /** The scalar of a small public number, 0 ≤ value < 2^32. */
  scalar(value: number): Scalar
  /** Wide reduction of {@link wideLength} uniform bytes, in the curve's byte order; the bias is below 2^-128. */
  reduce(wide: Uint8Array): Scalar
  /** A uniform, non-zero scalar by wide reduction. */
  randomScalar(random: RandomSource): Scalar
  /** a + b modulo the order. */
  add(a: Scalar, b: Scalar): Scalar
  /** a − b modulo the order. */
  subtract(a: Scalar, b: Scalar): Scalar
  /** a·b modulo the order. */
  multiply(a: Scalar, b: Scalar): Scalar
  /** −a modulo the order. */
  negate(a: Scalar): Scalar
  /** @throws {RangeError} for zero */
  invert(a: Scalar): Scalar
  /** Whether the scalar is zero, in constant time. */
  isZero(a: Scalar): boolean
  /** Whether two scalars are equal, in constant time. */
  equalScalars(a: Scalar, b: Scalar): boolean

  // Points
  /** s·G */
  multiplyBase(s: Scalar): Point
  /** s_i·G for many scalars at once. */
  multiplyBaseBatch(scalars: readonly Scalar[]): Point[]
  /** s·P */
  multiplyPoint(point: Point, s: Scalar): Point
  /** s_i·P_i for many pairs at once. */
  multiplyPointBatch(points: readonly Point[], scalars: readonly Scalar[]): Point[]
  /** A + B, also of equal and opposite points. */
  addPoints(a: Point, b: Point): Point
  /** A − B. */
  subtractPoints(a: Point, b: Point): Point
  /** −A. */
  negatePoint(a: Point): Point
  /** Whether the point is the identity. */
  isIdentity(a: Point): boolean
  /** Whether two points are the same, however each is represented. */
  equalPoints(a: Point, b: Point): boolean
  /** secp256k1: whether the affine y of a non-identity point is even (BIP 340); ed25519: whether the sign bit of x is 0. */
  hasEvenY(point: Point): boolean
  /**
   * Σ s_i·P_i in variable time: public input only. Any number of terms; from dozens on, each costs less than the ones
   * before (Straus, Pippenger).
   */
  linearCombinationVar(points: readonly Point[], scalars: readonly Scalar[]): Point

  // Sharing, in coarse calls
  // Points x are public whole numbers from 1 to 65,535; the ids of parties are such.
  /**
   * f(x) for every x, where f = Σ coefficients[k]·x^k.
   *
   * @throws {RangeError} for an x outside 1..65535
   */
  evaluatePolynomial(coefficients: readonly Scalar[], xs: readonly number[]): Scalar[]
  /**
   * Σ_j weights[j]·xs[j]^k for every k below `count`.
   *
   * @throws {RangeError} for an x outside 1..65535 or another number of weights
   */
  powerSums(weights: readonly Scalar[], xs: readonly number[], count: number): Scalar[]
  /**
   * The Lagrange coefficients at zero of each x, in the order of `xs`.
   *
   * @throws {RangeError} for an x outside 1..65535, one that stands twice, or more than 8,192
   */
  lagrangeCoefficients(xs: readonly number[]): Scalar[]
  /**
   * Σ x^k·commitments[k] in variable time: commitments are public.
   *
   * @throws {RangeError} for an x outside 1..65535
   */
  evaluateCommitmentVar(commitments: readonly Point[], x: number): Point
  /** {@link evaluateCommitmentVar} for every x, sharing one inversion. */
  evaluateCommitmentAtVar(commitments: readonly Point[], xs: readonly number[]): Point[]
}
