import type { Point, Scalar } from '../../curve/group.ts'
import type { ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { abytes, concatBytes } from '../../util/bytes.ts'
import { bindingFactors, groupCommitment, type NonceCommitment } from './commitment.ts'
import { publicBytes, type FrostSuite } from './suites.ts'

/** The part of a share set's record that FROST needs. */
export type SignerSet = Pick<ShareSetRecord, 'threshold' | 'parties' | 'publicKey'>

/** One signer within a signing package. */
export interface Signer {
  readonly commitment: NonceCommitment
  /** ρ_i */
  readonly bindingFactor: Scalar
  /** λ_i·c, the factor of the signer's secret share. Negated if BIP 340 negates the key. */
  readonly shareWeight: Scalar
  /** Y_i */
  readonly verifyingShare: Point
}

/** The public values of one signature. They are the same for every signer and for the aggregator. */
export interface SigningPackage {
  readonly suite: FrostSuite
  /** The set's public key, not negated. */
  readonly publicKey: Point
  /** By ascending id. */
  readonly signers: ReadonlyMap<PartyId, Signer>
  /** R = Σ (D_i + ρ_i·E_i). The signature contains −R instead if `negateNonces` is true. */
  readonly commitment: Point
  /** R as encoded in the signature: 33 bytes for secp256k1, 32 otherwise. */
  readonly encodedCommitment: Uint8Array
  /** c, negated if BIP 340 negates the key. */
  readonly challenge: Scalar
  /** Whether each signer negates its nonces, because BIP 340 requires an R with even y. */
  readonly negateNonces: boolean
}

/**
 * Prepares a signature over `message` by the parties that sent `commitments` (RFC 9591 §4.4 to §4.6 and §5.2).
 *
 * With BIP 340 (as in frost-secp256k1-tr), a key whose y is odd is replaced by its negative, also in the hashes. The same
 * holds for R and, with it, the nonces. The key is negated through the signers' weights, so no secret share is changed.
 *
 * @param commitments of at least `threshold` parties of the set, in any order
 * @throws {RangeError} for fewer signers than the threshold, a repeated signer, or one that is not in the set
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
  // R is not the identity: each ρ_i is a hash of all commitments, so no signer can choose commitments that cancel the rest.
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
 * A signer of a package.
 *
 * @throws {RangeError} if the party is not one of its signers
 */
export function signerOf(signing: SigningPackage, id: PartyId): Signer {
  const signer = signing.signers.get(id)
  if (signer === undefined) throw new RangeError(`party ${id} does not take part in this signature`)
  return signer
}
