import type { Decision } from '../../wire/operations.ts'
import type { AuditEvent } from '../audit/entry.ts'
import { isMpcError } from '../../errors.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import { requireUnrevoked } from '../devices/devices-table.ts'
import { GIVE_BACK_APPROVAL } from '../approvals/use-approval.ts'
import { forEachRow } from '../each-row.ts'
import { scheduleShareDeletion, deletePendingShares } from '../sets/custodian-shares.ts'
import { deleteOtState } from '../sets/ot-states.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { setIdsOf } from '../sets/sets-table.ts'
import { findOperation, recordDecision, requireTakesPart } from './operations-table.ts'
import { findDecision } from '../operations/decision.ts'
import type { CalledOperation, OperationKey } from '../access/caller.ts'

/**
 * Aborts an operation unless it is decided: destroys what it prepared and forgets its sessions.
 *
 * @param besides further writes in the transaction; returns their events for the log
 * @returns the decision, of now or of before
 * @throws {AUTH_FAILED} if the client has no such operation
 */
export async function abortOperation(
  context: ServerContext,
  key: OperationKey,
  besides?: (tx: Queryable) => Promise<AuditEvent[]>,
): Promise<Decision> {
  const decision = await recordAbort(context, key, besides)
  if (decision === 'ABORT') await deletePendingShares(context, key.clientId).catch(context.onError)
  return { decision }
}

/**
 * {@link abortOperation} on behalf of a caller.
 *
 * @throws {AUTH_FAILED} if it is one of other devices
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime
 */
export async function abortFor(context: ServerContext, key: CalledOperation): Promise<Decision> {
  return abortOperation(context, key, async (tx) => {
    await requireUnrevoked(tx, key)
    await requireTakesPart(tx, key)
    return []
  })
}

/** {@link abortOperation} without contacting the custodian: the shares to delete are recorded as pending. */
export async function recordAbort(
  context: ServerContext,
  key: OperationKey,
  besides?: (tx: Queryable) => Promise<AuditEvent[]>,
): Promise<Decision['decision']> {
  return context.database.transaction(async (tx) => {
    const known = (await findOperation(tx, key)) !== undefined || (await findDecision(tx, key)) !== undefined
    if (!known) throw notAuthorized()
    return recordAbortIn(context, tx, key, await besides?.(tx))
  })
}

/** {@link recordAbort} of an existing operation, within a transaction. */
export async function recordAbortIn(
  context: ServerContext,
  tx: Queryable,
  key: OperationKey,
  besides: readonly AuditEvent[] = [],
): Promise<Decision['decision']> {
  // First the decision, then the operation's row, in the order of a round that ends: otherwise the two could deadlock.
  const decision = await recordDecision(context, tx, key, 'ABORT')
  const events = decision === 'ABORT' ? await destroyPreparedSets(tx, key) : []
  if (decision === 'ABORT') await forgetSessions(tx, key)
  await context.audit.record(tx, key.clientId, [...besides, ...events])
  return decision
}

/**
 * Aborts all undecided operations of a client that one device takes part in, or that use one set, each in a transaction of
 * its own.
 *
 * @returns how many could not be aborted now
 */
export async function abortOpen(
  context: ServerContext,
  clientId: string,
  by: keyof typeof OF,
  value: string,
): Promise<number> {
  const open = {
    select: `select client_id, operation_id from reshare_operations open
      where client_id = $1 and ${OF[by]} and ${UNDECIDED}`,
    parameters: [clientId, value],
    key: ['operation_id'],
    doing: toAbort,
  }
  return forEachRow(context, open, (row) =>
    context.database.transaction((tx) => recordAbortIn(context, tx, readKey(row))),
  )
}

/** Aborts expired operations. One that another process has removed in the meantime is skipped. */
export async function abortExpired(context: ServerContext): Promise<void> {
  const expired = {
    select: `select client_id, operation_id from reshare_operations open
      where (state is not null or round = 0) and expires_at <= $1 and ${UNDECIDED}`,
    parameters: [timestamp(context)],
    key: ['client_id', 'operation_id'],
    doing: toAbort,
  }
  await forEachRow(context, expired, async (row) => {
    await recordAbort(context, readKey(row)).catch((error: unknown) => {
      if (!isMpcError(error, 'AUTH_FAILED')) throw error
    })
  })
}

const readKey = rowDecoder(pick(tables.reshare_operations, 'client_id', 'operation_id'))

/** SQL conditions: the operations that a device takes part in, or that use a set. */
const OF = { device: '(device = $2 or joining_device = $2)', set_id: 'set_id = $2' } as const

/** SQL condition for operations with the alias `open`. */
const UNDECIDED = `not exists (select 1 from reshare_decisions decided
  where decided.client_id = open.client_id and decided.operation_id = open.operation_id)`

function toAbort({ client_id: clientId, operation_id: operationId }: Row): string {
  return `to abort operation ${String(operationId)} of client ${JSON.stringify(clientId)}`
}

const readSetId = rowDecoder(pick(tables.reshare_sets, 'set_id'))

/** Destroys the sets that an aborted operation has prepared. */
async function destroyPreparedSets(tx: Queryable, { clientId, operationId }: OperationKey): Promise<AuditEvent[]> {
  const key = [clientId, operationId]
  const prepared = await tx.query(
    `update reshare_sets set state = 'ABORTED' where client_id = $1 and operation_id = $2 and state = 'PREPARED'
     returning set_id, wallet_id`,
    key,
  )
  for (const row of prepared) {
    const { setId } = readSetId(row)
    await tx.query('delete from reshare_shares where set_id = $1', [setId])
    await deleteOtState(tx, setId)
  }
  await scheduleShareDeletion(tx, { clientId, operationId })
  return prepared.map((row) => ({ ...setIdsOf(row), event: 'aborted', operationId }))
}

/**
 * Deletes the sessions and the request of an aborted operation, and what its rounds have left for another device, and gives
 * back what it has reserved, and its approval. A repeated abort writes nothing.
 */
async function forgetSessions(tx: Queryable, { clientId, operationId }: OperationKey): Promise<void> {
  await tx.query(
    `with forgotten as (
       update reshare_responses set for_other_device = null
       where client_id = $1 and operation_id = $2 and for_other_device is not null
     ), given_back as (
       delete from reshare_reservations where client_id = $1 and operation_id = $2
     ), approval as (${GIVE_BACK_APPROVAL})
     update reshare_operations set state = null, request = null
     where client_id = $1 and operation_id = $2 and (state is not null or request is not null)`,
    [clientId, operationId],
  )
}
