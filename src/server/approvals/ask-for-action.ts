import type { Queryable } from '../../service/database/types.ts'
import type { Caller } from '../access/caller.ts'
import { askPolicy, type PolicyRequest } from '../access/policy.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import { requireApproval } from './require-approval.ts'
import { useApproval } from './use-approval.ts'

/** The approval of an action that is no operation, if it needs one. */
export interface ActionApproval {
  /** Uses it, in the transaction of the action. @returns the events for the log */
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
  if (wait === undefined || !changes) return { use: async () => [] }
  const approvalId = await requireApproval(context, { ...caller, request, subject: request, operationId: null }, wait)
  return { use: (tx) => useApproval(context, tx, { clientId, approvalId, operationId: null }) }
}
