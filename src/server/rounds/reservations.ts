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

/** What an operation adds to counters. */
interface Amounts {
  readonly reservations: readonly Reservation[]
  /** How long the operation may take: 0 for one that this transaction decides. */
  readonly signsWithinMs: number
}

/**
 * SQL statement for the transaction that decides an operation: what it has signed counts from now on. `$1` is the client, `$2` the
 * operation.
 *
 * @param now the parameter with the time
 * @param condition what has to be so
 */
export const countFromNow = (now: string, condition: string) => `update reshare_reservations
  set ends_at = ${now}::timestamptz + period_ms * interval '1 millisecond'
  where client_id = $1 and operation_id = $2 and period_ms is not null and ${condition}`

/**
 * Adds the amounts of an operation that this transaction adds to its counters. They count for as long as it can sign, and from
 * then on for their period, so that operations that are begun early and signed late are not more than the maximum together. The caller has locked the client by
 * `lockClient`, so that operations that begin at the same time, in whatever process, are added one after the other.
 *
 * @throws {POLICY_DENIED} if a counter would be above its maximum; the caller rolls the transaction back
 */
export async function reserve(
  context: ServerContext,
  tx: Queryable,
  { clientId, operationId }: OperationKey,
  { reservations, signsWithinMs }: Amounts,
): Promise<void> {
  for (const { counter, amount, most, periodMs } of reservations) {
    const [row] = await tx.query(
      `select coalesce(sum(amount::numeric), 0)::text as reserved from reshare_reservations
       where client_id = $1 and counter = $2 and ends_at > $3`,
      [clientId, counter, timestamp(context)],
    )
    if (BigInt(readColumn(row, 'reserved', text)) + amount > most) {
      const reason = 'more than it allows in this time'
      throw new MpcError('POLICY_DENIED', `the policy denies sign: ${reason}`, { denial: { by: 'sum', reason } })
    }
    await tx.query(
      `insert into reshare_reservations (client_id, counter, operation_id, amount, ends_at, period_ms)
       values ($1, $2, $3, $4, $5, $6)`,
      [clientId, counter, operationId, amount.toString(), timestamp(context, signsWithinMs + periodMs), periodMs],
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
