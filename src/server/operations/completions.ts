import type {
  OperationResult,
  PreprocessRequest,
  ProveRequest,
  SetupRequest,
  SignRequest,
} from '../../wire/operations.ts'
import type { ServerContext } from '../context.ts'
import { deletePendingShares } from '../sets/custodian-shares.ts'
import { destroyRetiring, recordProof, recordSignature } from '../sets/retirements.ts'
import type { Completion, RoundInput, SetRequest } from './round.ts'
import { requireSource } from './source.ts'

/** The result of an operation that uses a signing set, which is ACTIVE when that commits. */
export function usedSet({ request }: RoundInput<SetRequest>): OperationResult {
  return { setId: request.setId, state: 'ACTIVE' }
}

/** The completion of a signature, which requires that its set is still ACTIVE when it is recorded. */
export function signatureCompletion(context: ServerContext, input: RoundInput<SignRequest>): Completion {
  return {
    decision: 'COMMIT',
    result: usedSet(input),
    async apply(tx) {
      const { setId } = await requireSource(tx, input, input.request)
      await recordSignature(context, tx, setId)
    },
  }
}

/** The completion of a setup or preprocessing, which is stored only if its set is still ACTIVE. */
export function preparationCompletion(input: RoundInput<SetupRequest | PreprocessRequest>): Completion {
  return {
    decision: 'COMMIT',
    result: usedSet(input),
    apply: async (tx) => void (await requireSource(tx, input, input.request)),
  }
}

/**
 * The completion of a proof of possession; the first one of a set triggers the retirements that wait for it.
 *
 * A first signature does not replace the proof (docs/protocol.md#prepare-decide-learn-prove-retire): a request to sign
 * proves nothing about who sent it.
 */
export function proofCompletion(context: ServerContext, input: RoundInput<ProveRequest>): Completion {
  return {
    decision: 'COMMIT',
    async apply(tx) {
      const set = await requireSource(tx, input, input.request)
      const retired = await recordProof(context, tx, set)
      return { setId: set.setId, state: set.state, retired }
    },
    async afterCommit() {
      await destroyRetiring(context, input.clientId)
      await deletePendingShares(context, input.clientId)
    },
  }
}
