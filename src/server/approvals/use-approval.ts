import { MpcError } from '../../errors.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { OperationKey } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { approvalRow, eventOf } from './approvals-table.ts'
import type { AuditEvent } from '../audit/entry.ts'

/** An approval that `requireApproval` has found, and what uses it. */
export interface UsedApproval {
  readonly clientId: string
  readonly approvalId: string
  /** Null for an action that is no operation. */
  readonly operationId: string | null
}

/**
 * Uses an approval, in the transaction that begins what was approved. Of several processes that do so at once, and of one that
 * denies it meanwhile, exactly one succeeds.
 *
 * @returns the events for the log
 * @throws {OPERATION_IN_PROGRESS} if it was used or ended since it was found, or who had approved it was revoked; the caller
 *   rolls the transaction back, and a repetition finds out why
 */
export async function useApproval(
  context: ServerContext,
  tx: Queryable,
  { clientId, approvalId, operationId }: UsedApproval,
): Promise<readonly AuditEvent[]> {
  const [row] = await tx.query(
    `update reshare_approvals set state = 'USED', operation_id = $3, ended_at = $4
     where client_id = $1 and approval_id = $2 and state = 'OPEN' and ready_at <= $4 and expires_at > $4
       and (approver is null or approved_at is not null)
       and not exists (select 1 from reshare_devices where client_id = $1 and device = approved_by and revoked_at is not null)
     returning *`,
    [clientId, approvalId, operationId, timestamp(context)],
  )
  if (row === undefined) throw new MpcError('OPERATION_IN_PROGRESS', 'the approval was used or denied at this moment')
  return [eventOf(approvalRow(row), 'approvalUsed')]
}

/**
 * SQL statement: makes the approval that an operation used usable again, in the transaction in which the operation is aborted
 * or forgotten and so has no effect. `$1` is the client, `$2` the operation.
 */
export const GIVE_BACK_APPROVAL = `update reshare_approvals set state = 'OPEN', ended_at = null
  where client_id = $1 and operation_id = $2 and state = 'USED'`

/** @throws {POLICY_DENIED} if an operation that was allowed on conditions has not met them */
export async function requireUsed(db: Queryable, { clientId, operationId }: OperationKey): Promise<void> {
  const used = await db.query(
    `select 1 from reshare_approvals where client_id = $1 and operation_id = $2 and state = 'USED'`,
    [clientId, operationId],
  )
  if (used.length === 0) throw new MpcError('POLICY_DENIED', 'the operation was begun without an approval')
}
