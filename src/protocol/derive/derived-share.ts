import type { Group, Scalar } from '../../curve/group.ts'
import { secretOf } from '../../key-share/key-share.ts'
import type { KeyShare, ShareSetRecord } from '../../key-share/types.ts'
import { wipe } from '../../util/bytes.ts'

/** How the shares of a key become shares of another key: s' = ±s + δ. */
export interface ShareTweak {
  /** Whether s is negated first: in Taproot, if the internal key has an odd y. Default: false. */
  readonly negated?: boolean
  /** δ */
  readonly tweak: Scalar
}

/**
 * Computes a share of a derived key, for one signing session of a protocol without derivation (FROST for Taproot).
 *
 * The result is not a share of a set. It has the set's id, so that the signers agree on its origin, but it must never be
 * stored, backed up or reshared. The caller wipes it.
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
