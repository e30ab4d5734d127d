import type { Decision } from '../../api/operations.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import { requireUnrevoked } from '../devices/rows.ts'
import { oweRemovalOf, removeOwedHalves } from '../sets/custodian-halves.ts'
import { deletePair } from '../sets/ot-pairs.ts'
import { notAuthorized, setOf } from '../sets/rows.ts'
import {
  findDecision,
  findOperation,
  KEPT_REQUEST,
  recordDecision,
  requireBegunBy,
  type CalledOperation,
  type OperationKey,
} from './rows.ts'

/**
 * Aborts an operation unless it is decided: destroys what it prepared and forgets its sessions.
 *
 * @param besides what else is written in the transaction, and what the log tells of it
 * @returns what was decided, now or before
 * @throws {AUTH_FAILED} if the client has no such operation
 */
export async function abortOperation(
  context: ServerContext,
  key: OperationKey,
  besides?: (tx: Queryable) => Promise<AuditEvent[]>,
): Promise<Decision> {
  const decision = await recordAbort(context, key, besides)
  if (decision === 'ABORT') await removeOwedHalves(context, key.clientId).catch(context.onError)
  return { decision }
}

/**
 * {@link abortOperation} for whoever asks.
 *
 * @throws {AUTH_FAILED} if another device has begun it
 * @throws {DEVICE_REVOKED} if the caller was revoked meanwhile
 */
export async function abortFor(context: ServerContext, key: CalledOperation): Promise<Decision> {
  return abortOperation(context, key, async (tx) => {
    await requireUnrevoked(tx, key)
    await requireBegunBy(tx, key)
    return []
  })
}

/** {@link abortOperation} without a word to the custodian: what it is to remove is noted as owed. */
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

/** {@link recordAbort} of an operation that is there, within a transaction. */
export async function recordAbortIn(
  context: ServerContext,
  tx: Queryable,
  key: OperationKey,
  besides: readonly AuditEvent[] = [],
): Promise<Decision['decision']> {
  const { decision, events } = await abortIn(context, tx, key)
  if (decision === 'ABORT') await forgetSessions(tx, key)
  await context.audit.record(tx, key.clientId, [...besides, ...events])
  return decision
}

/**
 * {@link recordAbortIn} for a transaction that has more to do before it writes into the log what this returns for it. It
 * leaves the operation's own row to {@link forgetSessionsOf}.
 */
export async function abortIn(
  context: ServerContext,
  tx: Queryable,
  key: OperationKey,
): Promise<{ readonly decision: Decision['decision']; readonly events: readonly AuditEvent[] }> {
  const decision = await recordDecision(context, tx, key, 'ABORT')
  return { decision, events: decision === 'ABORT' ? await discardPrepared(tx, key) : [] }
}

/** Destroys what an aborted operation has prepared. */
async function discardPrepared(tx: Queryable, { clientId, operationId }: OperationKey): Promise<AuditEvent[]> {
  const key = [clientId, operationId]
  const prepared = await tx.query(
    `update reshare_sets set state = 'ABORTED' where client_id = $1 and operation_id = $2 and state = 'PREPARED'
     returning set_id, wallet_id`,
    key,
  )
  for (const row of prepared) {
    const setId = row['set_id'] as string
    await tx.query('delete from reshare_shares where set_id = $1', [setId])
    await deletePair(tx, setId)
  }
  await oweRemovalOf(tx, { clientId, operationId })
  return prepared.map((row) => ({ ...setOf(row), event: 'aborted', operationId }))
}

/** Forgets the sessions and the request of an aborted operation. Writes nothing if there is none, however often an abort is repeated. */
async function forgetSessions(tx: Queryable, { clientId, operationId }: OperationKey): Promise<void> {
  await tx.query(
    `update reshare_operations set state = null, request = ${KEPT_REQUEST}
     where client_id = $1 and operation_id = $2 and (state is not null or request <> ${KEPT_REQUEST})`,
    [clientId, operationId],
  )
}

/** Forgets the sessions and the requests of all aborted operations of a device. What this is not called for goes with the operation's row. */
export async function forgetSessionsOf(db: Queryable, clientId: string, device: string): Promise<void> {
  await db.query(
    `update reshare_operations ended set state = null, request = ${KEPT_REQUEST} from reshare_decisions decided
     where ended.client_id = $1 and ended.device = $2 and ended.state is not null and decision = 'ABORT'
       and decided.client_id = ended.client_id and decided.operation_id = ended.operation_id`,
    [clientId, device],
  )
}
