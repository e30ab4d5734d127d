import type { Scalar } from '../../curve/group.ts'
import { ProtocolError } from '../../errors.ts'
import type { PartyId } from '../../types.ts'
import { concatBytes } from '../../util/bytes.ts'
import { sum } from '../../secret-sharing/scalars.ts'
import { verifySignatureShare } from './sign.ts'
import type { SigningPackage } from './signing-package.ts'

/** The round of the signature shares. */
const SHARE_ROUND = 2

/**
 * Aggregates the signers' shares to a signature, and verifies it (RFC 9591 §5.3).
 *
 * The sum of the shares is verified first. Only if that fails, each share is verified, to find who sent a wrong one. So
 * an honest run takes one verification for any number of signers.
 *
 * @param shares z_i by signer
 * @returns R ‖ z: 64 bytes for ed25519 (RFC 8032) and bip340, 65 for secp256k1
 * @throws {PROTOCOL_ABORTED} SIG, blaming the party id of every signer whose share is wrong
 * @throws {RangeError} unless there is exactly one share of each signer
 */
export function aggregate(signing: SigningPackage, shares: ReadonlyMap<PartyId, Scalar>): Uint8Array {
  const ordered = [...signing.signers.keys()].map((id) => {
    const share = shares.get(id)
    if (share === undefined) throw new RangeError(`the signature share of party ${id} is missing`)
    return share
  })
  if (shares.size !== ordered.length) throw new RangeError('a signature share belongs to no signer')
  const z = sum(signing.suite.group, ordered)
  if (!verifies(signing, z)) {
    const culprits = [...shares].filter(([id, share]) => !verifySignatureShare(signing, id, share)).map(([id]) => id)
    throw new ProtocolError('SIG', SHARE_ROUND, culprits, 'the signature does not verify')
  }
  return concatBytes(signing.encodedCommitment, z)
}

/** Whether z·G − c·PK = ±R. No cofactor is multiplied in, since all points are of prime order. */
function verifies(signing: SigningPackage, z: Scalar): boolean {
  const { suite, publicKey, challenge, commitment, negateNonces } = signing
  const { group } = suite
  // Variable time: a signature is public.
  const left = group.linearCombinationVar([group.generator, publicKey], [z, group.negate(challenge)])
  return group.equalPoints(left, negateNonces ? group.negatePoint(commitment) : commitment)
}
