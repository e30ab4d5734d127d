/** The points of a prime-order group, and its scalars as numbers from 0 to the order − 1. */
export interface PointArithmetic<P> {
  readonly order: bigint
  readonly generator: P
  readonly identity: P
  /** Decodes a point. @throws {CodecError} unless it is one of the group, canonically encoded, and not the identity */
  decode(bytes: Uint8Array): P
  /** Encodes points, none of which is the identity. */
  encode(points: readonly P[]): Uint8Array[]
  add(a: P, b: P): P
  negate(a: P): P
  equal(a: P, b: P): boolean
  isIdentity(a: P): boolean
  /** Whether the coordinate whose parity is the sign of a point is even: y in BIP 340, x in RFC 8032. */
  hasEvenSign(a: P): boolean
  /** k·P */
  multiply(a: P, k: bigint): P
  /** k·G */
  multiplyGenerator(k: bigint): P
  /** k·P for a small public k. */
  multiplySmallVar(a: P, k: number): P
  /** Σ k_i·P_i for public points and scalars. */
  linearCombinationVar(points: readonly P[], scalars: readonly bigint[]): P
}
