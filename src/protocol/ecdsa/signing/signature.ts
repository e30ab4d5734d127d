import type { Group, Point, Scalar } from '../../../curve/group.ts'
import { concatBytes } from '../../../util/bytes.ts'
import type { Digest32 } from './digest.ts'

/** An ECDSA signature on secp256k1 (SEC 1 §4.1) with s in the lower half of the order (BIP 62, EIP-2). */
export interface EcdsaSignature {
  /** 32 bytes big-endian */
  readonly r: Uint8Array
  /** 32 bytes big-endian, at most (n − 1)/2 */
  readonly s: Uint8Array
  /**
   * Which of the points with this r is R (SEC 1 §4.1.6), 0 to 3. Bit 0 is the parity of its y; bit 1 is set if its x is not
   * below n.
   */
  readonly recovery: number
}

/** Encodes a signature as r ‖ s, 64 bytes. */
export function encodeSignature({ r, s }: EcdsaSignature): Uint8Array {
  return concatBytes(r, s)
}

/** The x coordinate of R modulo n. */
export function scalarOfCommitment(group: Group, encodedR: Uint8Array): Scalar {
  return reduce32(group, encodedR.subarray(1))
}

/** The number that ECDSA derives from a hash (SEC 1 §4.1.3, step 5), modulo n. */
export function scalarOfDigest(group: Group, digest: Digest32): Scalar {
  return reduce32(group, digest)
}

function reduce32(group: Group, bytes: Uint8Array): Scalar {
  const wide = new Uint8Array(group.wideLength)
  wide.set(bytes, group.wideLength - bytes.length)
  return group.reduce(wide)
}

/** Whether a number is greater than `limit`, both as 32 big-endian bytes. Variable time: signatures are public. */
function exceedsVar(bytes: Uint8Array, limit: Uint8Array): boolean {
  const at = bytes.findIndex((byte, i) => byte !== limit[i])
  return (bytes[at] ?? 0) > (limit[at] ?? 0)
}

/** What a signature is assembled from. */
export interface SignatureParts {
  readonly publicKey: Point
  /** R, 33 bytes */
  readonly encodedR: Uint8Array
  readonly digest: Digest32
  /** Σ u_i */
  readonly u: Scalar
  /** Σ w_i */
  readonly w: Scalar
}

/**
 * Computes the signature with s = w/u, verifies it, and replaces s by −s if s is in the upper half of the order.
 *
 * @returns undefined if it does not verify
 */
export function assembleSignature(group: Group, parts: SignatureParts): EcdsaSignature | undefined {
  const { publicKey, encodedR, digest, u, w } = parts
  if (group.isZero(u) || group.isZero(w)) return undefined
  const r = scalarOfCommitment(group, encodedR)
  const s = group.multiply(w, group.invert(u))
  // Verifies s·R = m·G + r·pk, the ECDSA equation before the division by s. Variable time: signatures are public.
  const difference = group.linearCombinationVar(
    [group.generator, publicKey, group.decodePoint(encodedR)],
    [scalarOfDigest(group, digest), r, group.negate(s)],
  )
  if (group.isZero(r) || !group.isIdentity(difference)) return undefined
  const negated = group.negate(s)
  const high = exceedsVar(s, negated)
  const parity = (encodedR[0] as number) & 1
  const overflow = exceedsVar(encodedR.subarray(1), r) ? 2 : 0
  return { r, s: high ? negated : s, recovery: overflow | (high ? 1 - parity : parity) }
}
