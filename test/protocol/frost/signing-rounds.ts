import type { Scalar } from '../../../src/curve/group.ts'
import { commit } from '../../../src/protocol/frost/nonces.ts'
import { signShare } from '../../../src/protocol/frost/sign.ts'
import { prepareSigning } from '../../../src/protocol/frost/signing-package.ts'
import type { FrostSuite } from '../../../src/protocol/frost/suites.ts'
import { partyId, type PartyId } from '../../../src/types.ts'
import { seededRandom } from '../../support/random.ts'
import type { DealtSet } from './support.ts'

const random = seededRandom()

/** Everything that a set's members send for one signature. */
export function rounds(suite: FrostSuite, set: DealtSet, ids: readonly number[], message: Uint8Array) {
  const quorum = ids.map(partyId)
  const nonces = quorum.map((id) => commit(suite, id, set.shares.get(id)!, random))
  const commitments = nonces.map((own) => own.commitment)
  const signing = prepareSigning(suite, set, commitments, message)
  const shares = new Map<PartyId, Scalar>()
  for (const own of nonces) {
    shares.set(own.commitment.id, signShare(signing, set.shares.get(own.commitment.id)!, own))
  }
  return { nonces, commitments, signing, shares }
}
