import type { PreprocessRequest, ProveRequest, SetUpRequest, SignRequest } from '../../wire/operations.ts'
import type { ServerContext } from '../context.ts'
import { removeOwedHalves } from '../sets/custodian-shares.ts'
import { destroyRetiring, recordProof, recordSignature } from '../sets/retirements.ts'
import { requireSource } from '../rounds/admission.ts'
import type { Ending, Turn } from '../rounds/round.ts'

/** The end of a signature: it is made only if its set is still ACTIVE when that is recorded. */
export function endWithSignature(context: ServerContext, turn: Turn<SignRequest>): Ending {
  return {
    decision: 'COMMIT',
    async settle(tx) {
      const set = await requireSource(tx, turn, turn.request)
      await recordSignature(context, tx, set.setId)
      return { setId: set.setId, state: set.state }
    },
  }
}

/** The end of what prepares ECDSA signatures: kept only if its set is still ACTIVE when that is stored. */
export function endWithPreparation(turn: Turn<SetUpRequest | PreprocessRequest>): Ending {
  return {
    decision: 'COMMIT',
    async settle(tx) {
      const set = await requireSource(tx, turn, turn.request)
      return { setId: set.setId, state: set.state }
    },
  }
}

/**
 * The end of a proof of possession; the first one of a set triggers the retirements that waited for it.
 *
 * A first signature does not stand for the proof (docs/protocol.md#prepare-decide-learn-prove-retire): a request to sign
 * proves nothing about who sent it.
 */
export function endWithProof(context: ServerContext, turn: Turn<ProveRequest>): Ending {
  return {
    decision: 'COMMIT',
    async settle(tx) {
      const set = await requireSource(tx, turn, turn.request)
      const retired = await recordProof(context, tx, set)
      return { setId: set.setId, state: set.state, retired }
    },
    async afterwards() {
      await destroyRetiring(context, turn.clientId)
      await removeOwedHalves(context, turn.clientId)
    },
  }
}
