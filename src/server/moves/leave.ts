import type { ServerContext } from '../context.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { lockClient } from '../lock-client.ts'
import { recordAbortIn } from '../rounds/decisions.ts'
import { tables } from '../tables.ts'
import { changeMove, lockSlot, type Move, type MoveRow } from './moves-table.ts'

const readOperation = rowDecoder(pick(tables.reshare_operations, 'client_id', 'operation_id'))

/** SQL condition, on rows of `reshare_operations` with the alias `open`, of client `$1`. */
const UNDECIDED = `open.client_id = $1 and not exists (select 1 from reshare_decisions decided
  where decided.client_id = open.client_id and decided.operation_id = open.operation_id)`

/** Whether operations of a client are under way. */
export async function hasOpenOperations(db: Queryable, clientId: string): Promise<boolean> {
  return (await db.query(`select 1 from reshare_operations open where ${UNDECIDED} limit 1`, [clientId])).length > 0
}

/**
 * Ends, in one transaction, what a client does in this database: from its commit on, nothing is written for the client. What is
 * still under way is aborted. What may be used once is destroyed, so that it is in no other database either: preprocessings and
 * ECDSA setups, which the client makes anew. Bans stay.
 *
 * @returns whether the client has left now; false if it was not about to
 */
export async function leave(context: ServerContext, move: Move, target: string): Promise<boolean> {
  const { clientId } = move
  return context.database.transaction(async (tx) => {
    // In the order of an operation that starts.
    await lockClient(tx, clientId)
    await lockSlot(tx, clientId)
    if (!(await changeMove(context, tx, move, { from: ['CLOSING'], to: 'CLOSING' }))) return false
    const open = await tx.query(
      `select client_id, operation_id from reshare_operations open where ${UNDECIDED} order by operation_id`,
      [clientId],
    )
    for (const row of open) await recordAbortIn(context, tx, readOperation(row))
    for (const statement of DESTROY_SINGLE_USE) await tx.query(statement, [clientId])
    await context.audit.record(tx, clientId, [{ event: 'departed', detail: `${move.number} ${target}` }])
    // Deliveries and sweeps work on the rows of many clients at once: they find none of this one.
    await tx.query('update reshare_events set queued = true where client_id = $1 and not queued', [clientId])
    await tx.query('delete from reshare_event_queue where client_id = $1', [clientId])
    return changeMove(context, tx, move, { from: ['CLOSING'], to: 'LEAVING' })
  }, 'read committed')
}

/** Writes that a client that had left is in this database again, whose rows it has left there. The move says so already. */
export async function comeBack(
  context: ServerContext,
  tx: Queryable,
  { clientId, number, peer }: MoveRow,
): Promise<void> {
  await tx.query('update reshare_events set queued = false where client_id = $1 and ended_at is null', [clientId])
  await context.audit.record(tx, clientId, [{ event: 'returned', detail: `${number} ${peer}` }])
}

const OF_CLIENT = 'set_id in (select set_id from reshare_sets where client_id = $1)'

const DESTROY_SINGLE_USE: readonly string[] = [
  `delete from reshare_preprocessings where ${OF_CLIENT}`,
  `delete from reshare_ot_states where ${OF_CLIENT} and not poisoned`,
  // A round's state, and what it has left for another device, go with the abort; this is for rows that no version should have.
  'update reshare_operations set state = null, request = null where client_id = $1 and (state is not null or request is not null)',
]
