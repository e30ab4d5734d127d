import { timestamp, type ServerContext } from '../context.ts'
import { boolean, pick, rowDecoder } from '../../service/database/rows.ts'
import type { Statement } from '../../service/database/combined.ts'
import type { Queryable } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import { notDone } from '../each-row.ts'
import { isAway } from '../client-moved.ts'
import { waitForCustodian } from './ask-custodian.ts'

const readPending = rowDecoder({
  ...pick(tables.reshare_custodian_records, 'client_id', 'set_id'),
  may_arrive: boolean,
})

/** How many shares one run asks the custodian to delete. */
const BATCH = 100
/** A run stops after this many failures: the custodian is most likely down. */
const FAILURES_MAX = 3

/**
 * Records that a share is about to be sent to the custodian, so that it can be deleted again whatever happens next. Must be
 * durable before the share is sent.
 */
export function custodianRecord(
  { clientId, operationId }: { readonly clientId: string; readonly operationId: string },
  setId: string,
): Statement {
  return {
    sql: `insert into reshare_custodian_records (client_id, set_id, operation_id, deletion_pending)
      values ($1, $2, $3, false) on conflict (client_id, set_id) do update set removed_at = null returning 1`,
    parameters: [clientId, setId, operationId],
  }
}

/** Runs {@link custodianRecord}. */
export async function recordCustodianShare(
  db: Queryable,
  key: { readonly clientId: string; readonly operationId: string },
  setId: string,
): Promise<void> {
  const { sql, parameters } = custodianRecord(key, setId)
  await db.query(sql, parameters)
}

/** Schedules the deletion of all custodian shares of an aborted operation. */
export async function scheduleShareDeletion(
  tx: Queryable,
  { clientId, operationId }: { readonly clientId: string; readonly operationId: string },
): Promise<void> {
  const key = [clientId, operationId]
  await tx.query(
    'update reshare_custodian_records set deletion_pending = true where client_id = $1 and operation_id = $2 and not deletion_pending',
    key,
  )
}

/** Schedules the deletion of the custodian shares of backup sets that have just become DESTROYED. */
export async function scheduleDeletionOfDestroyed(tx: Queryable, clientId: string): Promise<void> {
  await tx.query(
    `update reshare_custodian_records share set deletion_pending = true from reshare_sets ended
     where share.client_id = $1 and not share.deletion_pending and ended.set_id = share.set_id
       and ended.state = 'DESTROYED'`,
    [clientId],
  )
}

/**
 * Has the custodian delete the shares whose deletion is pending: those of one client, who waits no longer than for one
 * response of the custodian, or those of all clients. A deletion that fails goes to the end of the queue. A later sweep
 * repeats it, and continues where the time ran out. Re-entrant.
 *
 * A share that is still being sent may reach the custodian after its deletion. Such a share is deleted once more after the
 * lifetime of an operation.
 */
export async function deletePendingShares(context: ServerContext, clientId: string | null = null): Promise<void> {
  const { database, custodian, limits } = context
  if (custodian === undefined) return
  const rows = await database.query(
    `select client_id, set_id, removed_at is null and not exists
         (select 1 from reshare_sets made where made.set_id = share.set_id) as may_arrive
     from reshare_custodian_records share where deletion_pending and ($1::text is null or client_id = $1)
       and (removed_at is null or removed_at <= $2) and not ${isAway('share.client_id')}
     order by tried_at nulls first limit ${BATCH}`,
    [clientId, timestamp(context, -limits.operationMs)],
  )
  let failuresLeft = clientId === null ? FAILURES_MAX : 1
  const endsAt = context.now() + (clientId === null ? limits.roundMs : limits.custodianMs)
  for (const row of rows) {
    if (context.now() >= endsAt) return
    const pending = readPending(row)
    const share = [pending.clientId, pending.setId] as const
    try {
      await waitForCustodian(context, async (custodian) => custodian.delete?.(...share))
    } catch (error) {
      context.onError(notDone(`to have the custodian delete its share of set ${share[1]}`, error))
      await database.query('update reshare_custodian_records set tried_at = $3 where client_id = $1 and set_id = $2', [
        ...share,
        timestamp(context),
      ])
      if (--failuresLeft === 0) return
      continue
    }
    await deleteRecord(context, share, pending.mayArrive)
  }
}

async function deleteRecord(
  context: ServerContext,
  share: readonly [clientId: string, setId: string],
  mayArrive: boolean,
): Promise<void> {
  const { database } = context
  if (!mayArrive) {
    await database.query('delete from reshare_custodian_records where client_id = $1 and set_id = $2', share)
    return
  }
  await database.query(
    'update reshare_custodian_records set removed_at = $3, tried_at = $3 where client_id = $1 and set_id = $2',
    [...share, timestamp(context)],
  )
}
