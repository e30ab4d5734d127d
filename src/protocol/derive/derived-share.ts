import type { Group, Scalar } from '../../curve/group.ts'
import { secretOf } from '../../key-share/key-share.ts'
import type { KeyShare, ShareSetRecord } from '../../key-share/types.ts'
import { wipe } from '../../util/bytes.ts'

/** How the shares of a key become shares of another one: s' = ±s + δ. */
export interface ShareTweak {
  /** Taproot: the key had an odd y. */
  readonly negated?: boolean
  /** δ */
  readonly tweak: Scalar
}

/**
 * A share of a derived key, for one signing session that knows nothing of derivation (FROST for Taproot).
 *
 * It is not a share of a set: it has the set's id, so that the signers agree on where it comes from, and must never be
 * stored, backed up or reshared. Its holder wipes it.
 *
 * @throws {TypeError} if the share was wiped
 * @throws {RangeError} if the derived key or a verifying share of it is the identity
 */
export function deriveShare(group: Group, share: KeyShare, { negated = false, tweak }: ShareTweak): KeyShare {
  const { record } = share
  const offset = group.multiplyBase(tweak)
  const move = (point: ShareSetRecord['publicKey']): ShareSetRecord['publicKey'] => {
    const moved = group.addPoints(negated ? group.negatePoint(point) : point, offset)
    if (group.isIdentity(moved)) throw new RangeError('the tweak cancels a share or the key')
    return moved
  }
  const parties = record.parties.map((party) => ({ ...party, verifyingShare: move(party.verifyingShare) }))
  const secret = secretOf(share)
  const signed = negated ? group.negate(secret) : secret.slice()
  try {
    return {
      ...share,
      record: { ...record, publicKey: move(record.publicKey), parties },
      secretShare: group.add(signed as Scalar, tweak),
    }
  } finally {
    wipe(signed)
  }
}
