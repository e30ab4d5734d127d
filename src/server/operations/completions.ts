import type {
  OperationResult,
  PreprocessRequest,
  ProveRequest,
  SetupRequest,
  SignRequest,
} from '../../wire/operations.ts'
import type { SignAllRequest } from '../../wire/sign-items.ts'
import type { ServerContext } from '../context.ts'
import { deletePendingShares } from '../sets/custodian-shares.ts'
import { destroyRetiring, recordProof, recordSignature } from '../sets/retirements.ts'
import type { Completion, RoundInput, SetRequest } from './round.ts'
import { requireSource } from './source.ts'
import { notAuthorized } from '../../service/not-authorized.ts'

/** The result of an operation that uses a signing set. The set is ACTIVE when the operation commits. */
export function usedSet({ request }: RoundInput<SetRequest>): OperationResult {
  return { setId: request.setId, state: 'ACTIVE' }
}

/** The completion of a signature, or of several, which requires that its set is still ACTIVE when it is recorded. */
export function signatureCompletion(
  context: ServerContext,
  input: RoundInput<SignRequest | SignAllRequest>,
): Completion {
  return {
    decision: 'COMMIT',
    result: usedSet(input),
    async apply(tx) {
      if (await recordSignature(context, tx, input.request.setId)) return
      await requireSource(context, tx, input, input.request)
      throw notAuthorized()
    },
  }
}

/** The completion of a setup, which is stored only if its set is still ACTIVE. */
export function setupCompletion(context: ServerContext, input: RoundInput<SetupRequest>): Completion {
  return {
    decision: 'COMMIT',
    result: usedSet(input),
    apply: async (tx) => void (await requireSource(context, tx, input, input.request)),
  }
}

/** The completion of a preprocessing. Its transaction has found the set ACTIVE and holds its row. */
export function preprocessingCompletion(input: RoundInput<PreprocessRequest>): Completion {
  return { decision: 'COMMIT', result: usedSet(input), apply: async () => undefined }
}

/**
 * The completion of a proof of possession; the first one of a set triggers the retirements that wait for it.
 *
 * A first signature does not replace the proof (docs/protocol.md#prepare-decide-learn-prove-retire): a request to sign
 * proves nothing about who sent it.
 */
export function proofCompletion(context: ServerContext, input: RoundInput<ProveRequest>): Completion {
  const { clientId, request, auditHead } = input
  const { setId, walletId } = request
  let hasRetired = false
  return {
    decision: 'COMMIT',
    async apply(tx) {
      const retired = await recordProof(context, tx, { clientId, walletId, setId }, auditHead)
      if (retired === undefined) {
        await requireSource(context, tx, input, request)
        throw notAuthorized()
      }
      hasRetired = retired.length > 0
      return { ...usedSet(input), retired }
    },
    async afterCommit() {
      if (!hasRetired) return
      await destroyRetiring(context, clientId)
      await deletePendingShares(context, clientId)
    },
  }
}
