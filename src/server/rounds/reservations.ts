import { MpcError } from '../../errors.ts'
import { readColumn, text } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { inPages, PAGE } from '../../util/pages.ts'
import type { Reservation } from '../access/reservation.ts'
import { useApproval } from '../approvals/use-approval.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { OperationKey } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { NewOperation } from './operations-table.ts'

/**
 * Adds the amounts of an operation that this transaction adds to its counters. The caller has locked the client by
 * `lockClient`, so that operations that begin at the same time, in whatever process, are added one after the other.
 *
 * @throws {POLICY_DENIED} if a counter would be above its maximum; the caller rolls the transaction back
 */
export async function reserve(
  context: ServerContext,
  tx: Queryable,
  { clientId, operationId }: OperationKey,
  reservations: readonly Reservation[],
): Promise<void> {
  for (const { counter, amount, most, periodMs } of reservations) {
    const [row] = await tx.query(
      `select coalesce(sum(amount::numeric), 0)::text as reserved from reshare_reservations
       where client_id = $1 and counter = $2 and ends_at > $3`,
      [clientId, counter, timestamp(context)],
    )
    if (BigInt(readColumn(row, 'reserved', text)) + amount > most) {
      throw new MpcError('POLICY_DENIED', 'the policy denies sign: more than it allows in this time')
    }
    await tx.query(
      `insert into reshare_reservations (client_id, counter, operation_id, amount, ends_at) values ($1, $2, $3, $4, $5)`,
      [clientId, counter, operationId, amount.toString(), timestamp(context, periodMs)],
    )
  }
}

/** Uses the approval of an operation that this transaction adds. @returns the events for the log */
export async function useApprovalOf(
  context: ServerContext,
  tx: Queryable,
  { clientId, operationId, approvalId = null }: Pick<NewOperation, 'clientId' | 'operationId' | 'approvalId'>,
): Promise<readonly AuditEvent[]> {
  return approvalId === null ? [] : useApproval(context, tx, { clientId, approvalId, operationId })
}

/** Deletes what no counter has any more. */
export async function forgetReservations(context: ServerContext): Promise<void> {
  const forget = `delete from reshare_reservations where (client_id, operation_id, counter) in
      (select client_id, operation_id, counter from reshare_reservations where ends_at <= $1 limit ${PAGE})
    returning 1`
  await inPages(() => context.database.query(forget, [timestamp(context)]))
}
