import type { Point, Scalar } from '../../curve/group.ts'
import type { PartyId } from '../../types.ts'
import { concatBytes } from '../../util/bytes.ts'
import type { FrostSuite } from './suites.ts'

/** One signer's commitments to its two nonces (RFC 9591 §5.1), D_i = d_i·G and E_i = e_i·G. */
export interface NonceCommitment {
  /** The signer. */
  readonly id: PartyId
  /** D_i */
  readonly hiding: Point
  /** E_i */
  readonly binding: Point
  /** D_i ‖ E_i, as it is sent and hashed: 64 bytes on ed25519, 66 on secp256k1. */
  readonly encoded: Uint8Array
}

/** Length in bytes of an encoded commitment: 64 on ed25519, 66 on secp256k1. */
export function commitmentLength(suite: FrostSuite): number {
  return 2 * suite.group.pointLength
}

/**
 * Decodes D_i ‖ E_i.
 *
 * @throws {CodecError} if the length is wrong, or if a point is not canonical, not of prime order, or the identity (RFC
 *   9591 §5.2)
 */
export function decodeCommitment(suite: FrostSuite, id: PartyId, bytes: Uint8Array): NonceCommitment {
  const { group } = suite
  const encoded = bytes.slice()
  const { pointLength } = group
  const points = group.decodePoints([encoded.subarray(0, pointLength), encoded.subarray(pointLength)])
  const [hiding, binding] = points as [Point, Point]
  return { id, hiding, binding, encoded }
}

/** The input of every binding factor without the signer's id: `rho_input_prefix` of RFC 9591 §4.4. */
export function bindingFactorPrefix(
  suite: FrostSuite,
  encodedPublicKey: Uint8Array,
  commitments: readonly NonceCommitment[],
  message: Uint8Array,
): Uint8Array {
  return concatBytes(
    encodedPublicKey,
    suite.hashMessage(message),
    suite.hashCommitments(encodeCommitmentList(suite, commitments)),
  )
}

/**
 * The binding factor ρ_i of each commitment (RFC 9591 §4.4). It binds each nonce to this message and these signers.
 *
 * @param commitments by ascending id
 * @returns in the same order
 */
export function bindingFactors(
  suite: FrostSuite,
  encodedPublicKey: Uint8Array,
  commitments: readonly NonceCommitment[],
  message: Uint8Array,
): Scalar[] {
  const prefix = bindingFactorPrefix(suite, encodedPublicKey, commitments, message)
  return commitments.map(({ id }) => suite.bindingFactor(concatBytes(prefix, suite.group.scalar(id))))
}

/** The group commitment R = Σ (D_i + ρ_i·E_i) (RFC 9591 §4.5). */
export function groupCommitment(
  suite: FrostSuite,
  commitments: readonly NonceCommitment[],
  factors: readonly Scalar[],
): Point {
  const { group } = suite
  // Variable time: commitments and binding factors are public.
  const bound = group.linearCombinationVar(
    commitments.map(({ binding }) => binding),
    factors,
  )
  return commitments.reduce((sum, { hiding }) => group.addPoints(sum, hiding), bound)
}

/** `encode_group_commitment_list` of RFC 9591 §4.3. */
function encodeCommitmentList(suite: FrostSuite, commitments: readonly NonceCommitment[]): Uint8Array {
  return concatBytes(...commitments.flatMap(({ id, encoded }) => [suite.group.scalar(id), encoded]))
}
