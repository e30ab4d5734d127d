import type { Point, Scalar } from '../../curve/group.ts'
import type { ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { abytes, concatBytes } from '../../util/bytes.ts'
import { bindingFactors, groupCommitment, type NonceCommitment } from './commitment.ts'
import { publicBytes, type FrostSuite } from './suites.ts'

/** What FROST needs to know of a share set. */
export type SignerSet = Pick<ShareSetRecord, 'threshold' | 'parties' | 'publicKey'>

/** One signer within a signing package. */
export interface Signer {
  readonly commitment: NonceCommitment
  /** ρ_i */
  readonly bindingFactor: Scalar
  /** λ_i·c, negated where BIP 340 negates the key: what the signer's secret share is multiplied by. */
  readonly shareWeight: Scalar
  /** Y_i */
  readonly verifyingShare: Point
}

/** Everything about one signature that follows from public values; the same for each signer and for who aggregates. */
export interface SigningPackage {
  readonly suite: FrostSuite
  readonly publicKey: Point
  /** By id, ascending. */
  readonly signers: ReadonlyMap<PartyId, Signer>
  /** R = Σ D_i + ρ_i·E_i; the signature has −R where {@link negateNonces}. */
  readonly commitment: Point
  /** R as the signature begins with it. */
  readonly encodedCommitment: Uint8Array
  /** c, negated where BIP 340 negates the key. */
  readonly challenge: Scalar
  /** Whether each signer negates its nonces, because BIP 340 wants an R with even y. */
  readonly negateNonces: boolean
}

/**
 * Prepares a signature over `message` by the parties that sent `commitments` (RFC 9591 §4.4 to §4.6 and §5.2).
 *
 * BIP 340 (as in frost-secp256k1-tr): the key whose y is odd is replaced by its negative, in the hashes too, and so are
 * R and each nonce. The negated key goes into the weights, so that no secret share is ever touched.
 *
 * @param commitments of at least `threshold` members of the set, in any order
 * @throws {RangeError} for too few or repeated signers, or one who is not of the set
 */
export function prepareSigning(
  suite: FrostSuite,
  set: SignerSet,
  commitments: readonly NonceCommitment[],
  message: Uint8Array,
): SigningPackage {
  const { group } = suite
  abytes(message, undefined, 'message')
  if (commitments.length < set.threshold) {
    throw new RangeError(`${commitments.length} signers do not meet threshold ${set.threshold}`)
  }
  const sorted = [...commitments].sort((a, b) => a.id - b.id)
  const lambdas = group.lagrangeCoefficients(sorted.map(({ id }) => id))

  const negateKey = suite.evenY && !group.hasEvenY(set.publicKey)
  const encodedKey = group.encodePoint(negateKey ? group.negatePoint(set.publicKey) : set.publicKey)
  const factors = bindingFactors(suite, encodedKey, sorted, message)
  // R is not the identity: each ρ_i is a hash of all commitments, so nobody can choose theirs to cancel the rest.
  const commitment = groupCommitment(suite, sorted, factors)
  const encodedCommitment = publicBytes(suite, group.encodePoint(commitment))
  const c = suite.challenge(concatBytes(encodedCommitment, publicBytes(suite, encodedKey), message))
  const challenge = negateKey ? group.negate(c) : c

  const verifyingShares = new Map(set.parties.map(({ id, verifyingShare }) => [id, verifyingShare]))
  const signers = new Map<PartyId, Signer>()
  for (const [i, own] of sorted.entries()) {
    const verifyingShare = verifyingShares.get(own.id)
    if (verifyingShare === undefined) throw new RangeError(`party ${own.id} is not of this share set`)
    signers.set(own.id, {
      commitment: own,
      bindingFactor: factors[i] as Scalar,
      shareWeight: group.multiply(lambdas[i] as Scalar, challenge),
      verifyingShare,
    })
  }
  return {
    suite,
    publicKey: set.publicKey,
    signers,
    commitment,
    encodedCommitment,
    challenge,
    negateNonces: suite.evenY && !group.hasEvenY(commitment),
  }
}

/**
 * One signer of a package.
 *
 * @throws {RangeError} if the party does not take part
 */
export function signerOf(signing: SigningPackage, id: PartyId): Signer {
  const signer = signing.signers.get(id)
  if (signer === undefined) throw new RangeError(`party ${id} does not take part in this signature`)
  return signer
}
