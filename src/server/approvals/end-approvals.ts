import { inPages, PAGE } from '../../util/pages.ts'
import { readColumn, text } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { rowsOfOtherKeys, type SealedTable } from '../../service/other-keys.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { notDone } from '../each-row.ts'
import { isAway } from '../client-moved.ts'
import { approvalRow, resealApproval } from './approvals-table.ts'

/** Ends what a revoked device waits for, and what it has approved. */
export async function endApprovalsOfDevice(
  context: ServerContext,
  tx: Queryable,
  clientId: string,
  device: string,
): Promise<void> {
  await tx.query(
    `update reshare_approvals set state = 'ENDED', ended_at = $3
     where client_id = $1 and (device = $2 or approved_by = $2) and state = 'OPEN'`,
    [clientId, device, timestamp(context)],
  )
}

/** Ends what waits with a set, such as one whose client was caught cheating. */
export async function endApprovalsOfSet(
  { now }: Pick<ServerContext, 'now'>,
  tx: Queryable,
  clientId: string,
  setId: string,
): Promise<void> {
  await tx.query(
    `update reshare_approvals set state = 'ENDED', ended_at = $3 where client_id = $1 and set_id = $2 and state = 'OPEN'`,
    [clientId, setId, new Date(now())],
  )
}

/** Ends what waits with sets that are retired, and deletes what has ended and what has expired some time ago. */
export async function sweepApprovals(context: ServerContext): Promise<void> {
  const { responseMs, operationMs } = context.limits
  await inPages(() =>
    context.database.query(
      `update reshare_approvals set state = 'ENDED', ended_at = $1 where (client_id, approval_id) in
         (select waiting.client_id, approval_id from reshare_approvals waiting join reshare_sets used using (set_id)
          where waiting.state = 'OPEN' and used.state in ('RETIRING', 'DESTROYED', 'ABORTED')
            and not ${isAway('waiting.client_id')} limit ${PAGE})
       returning 1`,
      [timestamp(context)],
    ),
  )
  // An operation that has used one gives it back at the latest when it expires.
  await inPages(() =>
    context.database.query(
      `delete from reshare_approvals where (client_id, approval_id) in
         (select client_id, approval_id from reshare_approvals
          where (state = 'OPEN' and expires_at <= $1) or (state <> 'OPEN' and ended_at <= $2) limit ${PAGE})
       returning 1`,
      [timestamp(context, -responseMs), timestamp(context, -(responseMs + operationMs))],
    ),
  )
}

export const APPROVALS: SealedTable = {
  table: 'reshare_approvals',
  key: ['client_id', 'approval_id'],
  sealed: ['sealed'],
}

/** Seals again, by the current master key, what other keys have sealed. @returns how many */
export async function resealApprovals(context: ServerContext): Promise<number> {
  let resealed = 0
  for await (const row of rowsOfOtherKeys(context.database, APPROVALS, context.sealer.keyId)) {
    try {
      if (await resealApproval(context, approvalRow(row))) resealed += 1
    } catch (cause) {
      context.onError(notDone(`to seal request ${readColumn(row, 'approval_id', text)} for approval again`, cause))
    }
  }
  return resealed
}
