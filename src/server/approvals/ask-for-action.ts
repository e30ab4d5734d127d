import { MpcError } from '../../errors.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { Caller } from '../access/caller.ts'
import { askPolicy, type PolicyRequest } from '../access/policy.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import { requireApproval } from './require-approval.ts'
import { useApproval } from './use-approval.ts'

/** The approval of an action that is no operation, if it needs one. */
export interface ActionApproval {
  /**
   * Uses it, in the transaction of the action and only if that changes something.
   *
   * @returns the events for the log
   * @throws {OPERATION_IN_PROGRESS} as {@link useApproval}, and if the action was to change nothing when it was asked for; the
   *   caller rolls the transaction back, and a repetition asks again
   */
  use(tx: Queryable): Promise<readonly AuditEvent[]>
}

/**
 * Asks the policy about an action that is no operation.
 *
 * @param changes whether it changes anything: an action that is done already waits for nothing
 * @throws {POLICY_DENIED} unless the policy allows it
 * @throws {APPROVAL_REQUIRED} if the policy allows it on conditions that are not met yet
 */
export async function askForAction(
  context: ServerContext,
  caller: Caller,
  request: PolicyRequest,
  changes: boolean,
): Promise<ActionApproval> {
  const { clientId } = caller
  const { wait } = await askPolicy(context, request)
  // What was checked before the transaction was checked for an action without effect: it must not get one since.
  if (!changes) return { use: async () => Promise.reject(changedMeanwhile()) }
  if (wait === undefined) return { use: async () => [] }
  const approvalId = await requireApproval(context, { ...caller, request, subject: request, operationId: null }, wait)
  return { use: (tx) => useApproval(context, tx, { clientId, approvalId, operationId: null }) }
}

function changedMeanwhile(): MpcError {
  return new MpcError('OPERATION_IN_PROGRESS', 'what it is about has changed at this moment')
}
