import type { Scalar } from '../../curve/group.ts'
import { ProtocolError } from '../../errors.ts'
import type { PartyId } from '../../types.ts'
import { concatBytes } from '../../util/bytes.ts'
import { sum } from '../../secret-sharing/scalars.ts'
import { verifySignatureShare } from './sign.ts'
import type { SigningPackage } from './signing-package.ts'

/** The round that signature shares belong to. */
const SHARE_ROUND = 2

/**
 * The signature of all signers' shares, verified before it is returned (RFC 9591 §5.3).
 *
 * The sum is verified first, and only if it fails each share is, to name who sent a wrong one: an honest run pays for
 * one verification whatever the number of signers.
 *
 * @returns R ‖ z: 64 bytes for ed25519 (RFC 8032) and bip340, 65 for secp256k1
 * @throws {PROTOCOL_ABORTED} with reason SIG and everyone to blame whose share is wrong
 * @throws {RangeError} unless there is one share of each signer
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

/** z·G − c·PK = ±R. Exact, not up to the cofactor: all points are of prime order. */
function verifies(signing: SigningPackage, z: Scalar): boolean {
  const { suite, publicKey, challenge, commitment, negateNonces } = signing
  const { group } = suite
  // Variable time: a signature is public.
  const left = group.linearCombinationVar([group.generator, publicKey], [z, group.negate(challenge)])
  return group.equalPoints(left, negateNonces ? group.negatePoint(commitment) : commitment)
}
