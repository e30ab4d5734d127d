import type { OperationResult, ProveRequest, SignRequest } from '../../api/operations.ts'
import type { ServerContext } from '../context.ts'
import { destroyRetiring, recordUse } from '../sets/retirements.ts'
import { requireSource } from './admit.ts'
import type { Ending, Turn } from './turn.ts'

/** The end of an operation that has used a set; the first use of a set triggers the retirements that waited for it. */
export function endWithUse(context: ServerContext, turn: Turn<SignRequest | ProveRequest>): Ending {
  return {
    decision: 'COMMIT',
    async settle(tx): Promise<OperationResult> {
      const set = await requireSource(tx, turn.clientId, turn.request)
      const retired = await recordUse(context, tx, set, turn.request.kind === 'sign')
      return { setId: set.setId, state: set.state, retired }
    },
    afterwards: () => destroyRetiring(context),
  }
}
