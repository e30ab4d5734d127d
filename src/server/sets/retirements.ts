import type { OperationRequest } from '../../wire/operations.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { KnownHead } from '../audit/log.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { boolean, nullable, pick, rowDecoder, text } from '../../service/database/rows.ts'
import type { Queryable, Row, SqlValue } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import { forEachRow } from '../each-row.ts'
import { scheduleDeletionOfDestroyed } from './custodian-shares.ts'
import { endUnconfirmed, type EndedSets } from './lineage.ts'
import { banEvent, deleteOtState } from './ot-states.ts'
import { deletePreprocessings } from './preprocessings.ts'
import { notExpired, setIdsOf, type SetRow } from './sets-table.ts'

const readPlanned = rowDecoder(pick(tables.reshare_retirements, 'set_id', 'old_set_id'))
const readRetiring = rowDecoder(pick(tables.reshare_sets, 'set_id', 'client_id'))

/**
 * SQL query: the set that is to retire the set $2 retires the new set $1, too. A set cannot escape retirement by a refresh
 * or a join.
 */
const RETIRES_NEW_SET = `select waiting.set_id, $1, waiting.with_backups
       from reshare_retirements waiting join reshare_sets successor on successor.set_id = waiting.set_id
       where waiting.old_set_id = $2 and successor.proven_at is null and successor.state = 'ACTIVE'`

/**
 * Records which sets a new signing set replaces. They remain usable until it is proven (invariant I4).
 *
 * A recovery that retires other sets means that a device is lost: the unconfirmed backups which that device dealt end
 * with its set. A refresh does not mean that, so the unconfirmed backups of its device stay.
 *
 * @returns the events for the log, so that deleting these rows, which would keep the sets from retiring, is detected
 */
export async function planRetirements(
  tx: Queryable,
  { request, clientId, setId }: { request: OperationRequest; clientId: string; setId: string },
): Promise<AuditEvent[]> {
  const planned: Row[] = []
  const plan = async (select: string, values: readonly SqlValue[]) => {
    const rows = await tx.query(
      `insert into reshare_retirements (set_id, old_set_id, with_backups) ${select} returning set_id, old_set_id`,
      values,
    )
    planned.push(...rows)
  }
  if (request.kind === 'recover' && request.existingSets === 'retire') {
    await plan(
      `select $1, set_id, true from reshare_sets
       where client_id = $2 and wallet_id = $3 and purpose = 'signing' and state = 'ACTIVE' and set_id <> $1`,
      [setId, clientId, request.walletId],
    )
  } else if (request.kind === 'join') {
    await plan(RETIRES_NEW_SET, [setId, request.setId])
  } else if (request.kind === 'refresh') {
    // The new set also retires what the old one has not retired because its proof never arrived.
    await plan(
      `${RETIRES_NEW_SET}
       union all
       select $1, pending.old_set_id, pending.with_backups
       from reshare_retirements pending join reshare_sets old on old.set_id = pending.old_set_id
       where pending.set_id = $2 and old.state = 'ACTIVE'
       union all
       select $1, $2, false`,
      [setId, request.setId],
    )
  }
  return planned.map(readPlanned).map((plan) => ({
    event: 'replaces',
    walletId: request.walletId,
    setId: plan.setId,
    detail: plan.oldSetId,
  }))
}

/**
 * Records that a set has signed. That does not prove possession of the client share, whose use the server does not see.
 *
 * @returns whether it could: the set is ACTIVE, and its time is not over
 */
export async function recordSignature(context: ServerContext, tx: Queryable, setId: string): Promise<boolean> {
  const used = await tx.query(
    `update reshare_sets set last_used_at = $2 where set_id = $1 and state = 'ACTIVE'
       and ${notExpired('$2')} returning 1`,
    [setId, timestamp(context)],
  )
  return used.length > 0
}

/** Names a signing set of a client. */
type SigningSet = Pick<SetRow, 'clientId' | 'walletId' | 'setId'>

/**
 * Records that the holder of a set has proven possession. The first time, the sets that it replaces become RETIRING, and
 * no longer sign.
 *
 * @param head the end of the client's log, if it is known
 * @returns the sets that it has retired, now or before; undefined if it is not ACTIVE or its time is over, and nothing was written
 */
export async function recordProof(
  context: ServerContext,
  tx: Queryable,
  set: SigningSet,
  head?: KnownHead,
): Promise<string[] | undefined> {
  const [row] = await tx.query(
    `with known as (
       select set_id, proven_at from reshare_sets where set_id = $1 and state = 'ACTIVE' and ${notExpired('$2')}
     ), proven as (
       update reshare_sets set proven_at = coalesce(proven_at, $2) where set_id in (select set_id from known)
     )
     select proven_at,
       (select string_agg(old_set_id, ' ' order by old_set_id) from reshare_retirements where set_id = $1) as replaced,
       exists (select 1 from reshare_retirements where set_id = $1 and with_backups) as with_backups
     from known`,
    [set.setId, timestamp(context)],
  )
  if (row === undefined) return undefined
  const { provenAt, replaced, withBackups } = readKnownProof(row)
  const oldSetIds = replaced?.split(' ') ?? []
  if (provenAt !== null) return oldSetIds
  const lost = withBackups ? await endBackupsOfLost(tx, set) : NO_BACKUPS
  const retiring = oldSetIds.length > 0 ? await retireReplaced(tx, set) : []
  await context.audit.record(
    tx,
    set.clientId,
    [{ event: 'proven', walletId: set.walletId, setId: set.setId }, ...lost.events, ...retiring],
    head,
  )
  return [...new Set([...oldSetIds, ...lost.retired])].sort()
}

const readKnownProof = rowDecoder({
  ...pick(tables.reshare_sets, 'proven_at'),
  replaced: nullable(text),
  with_backups: boolean,
})

const NO_BACKUPS: EndedSets = { retired: [], events: [] }

/** @returns the events for the log */
async function retireReplaced(tx: Queryable, { setId }: SigningSet): Promise<AuditEvent[]> {
  const replaced = await tx.query(
    `update reshare_sets set state = 'RETIRING' where state = 'ACTIVE' and set_id in
       (select old_set_id from reshare_retirements where set_id = $1)
     returning set_id, wallet_id`,
    [setId],
  )
  return replaced.map((row): AuditEvent => ({ ...setIdsOf(row), event: 'retiring', detail: setId }))
}

/**
 * Ends the unconfirmed backups that lost devices have dealt, and all sets derived from them: a thief may have made them.
 * The sets that the proven set was itself derived from stay.
 */
async function endBackupsOfLost(tx: Queryable, { clientId, setId }: SigningSet): Promise<EndedSets> {
  const ended = await endUnconfirmed(
    tx,
    clientId,
    {
      backups: 'source_set_id in (select old_set_id from reshare_retirements where set_id = $2 and with_backups)',
      survivors: 'set_id = $2',
      values: [setId],
    },
    setId,
  )
  for (const old of ended.retired) {
    await tx.query(
      `insert into reshare_retirements (set_id, old_set_id, with_backups) values ($1, $2, true)
       on conflict (set_id, old_set_id) do nothing`,
      [setId, old],
    )
  }
  await scheduleDeletionOfDestroyed(tx, clientId)
  return ended
}

/**
 * Destroys the server shares of the RETIRING sets of a client, or of all clients. Re-entrant. A set that fails does not stop
 * the others, and is left for the next sweep.
 */
export async function destroyRetiring(context: ServerContext, clientId?: string): Promise<void> {
  const retiring = {
    select: `select set_id, client_id from reshare_sets
      where state = 'RETIRING'${clientId === undefined ? '' : ' and client_id = $1'}`,
    parameters: clientId === undefined ? [] : [clientId],
    key: ['set_id'],
    doing: (row: Row) => `to destroy the share of set ${String(row['set_id'])}`,
  }
  await forEachRow(context, retiring, (row) => destroy(context, readRetiring(row)))
}

async function destroy(
  { database, audit }: ServerContext,
  { clientId, setId }: ReturnType<typeof readRetiring>,
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('delete from reshare_shares where set_id = $1', [setId])
    const ban = await deleteOtState(tx, setId)
    await deletePreprocessings(tx, setId)
    const destroyed = await tx.query(
      `update reshare_sets set state = 'DESTROYED' where set_id = $1 and state = 'RETIRING'
       returning set_id, wallet_id`,
      [setId],
    )
    const events = destroyed.flatMap((ended): AuditEvent[] => {
      const set = setIdsOf(ended)
      return [...(ban ? [banEvent(ban, set)] : []), { ...set, event: 'destroyed' }]
    })
    await audit.record(tx, clientId, events)
  })
}
