import type { Decision } from '../../api/operations.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import { requireUnrevoked } from '../devices/rows.ts'
import { oweRemovalOf, removeOwedHalves } from '../sets/custodian-halves.ts'
import { deletePair } from '../sets/ot-pairs.ts'
import { notAuthorized } from '../sets/rows.ts'
import {
  findDecision,
  findOperation,
  recordDecision,
  requireBegunBy,
  type CalledOperation,
  type OperationKey,
} from './rows.ts'

/**
 * Aborts an operation unless it is decided: destroys what it prepared and forgets its sessions.
 *
 * @param besides what else is written in the transaction
 * @returns what was decided, now or before
 * @throws {AUTH_FAILED} if the client has no such operation
 */
export async function abortOperation(
  context: ServerContext,
  key: OperationKey,
  besides?: (tx: Queryable) => Promise<void>,
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
  })
}

/** {@link abortOperation} without a word to the custodian: what it is to remove is noted as owed. */
export async function recordAbort(
  context: ServerContext,
  key: OperationKey,
  besides?: (tx: Queryable) => Promise<void>,
): Promise<Decision['decision']> {
  return context.database.transaction(async (tx) => {
    const known = (await findOperation(tx, key)) !== undefined || (await findDecision(tx, key)) !== undefined
    if (!known) throw notAuthorized()
    await besides?.(tx)
    return recordAbortIn(context, tx, key)
  })
}

/** {@link recordAbort} of an operation that is there, within a transaction. */
export async function recordAbortIn(
  context: ServerContext,
  tx: Queryable,
  key: OperationKey,
): Promise<Decision['decision']> {
  const decision = await recordDecision(context, tx, key, 'ABORT')
  if (decision === 'ABORT') await discardPrepared(tx, key)
  return decision
}

/** Destroys what an aborted operation has prepared. */
async function discardPrepared(tx: Queryable, { clientId, operationId }: OperationKey): Promise<void> {
  const key = [clientId, operationId]
  const prepared = await tx.query(
    `update reshare_sets set state = 'ABORTED' where client_id = $1 and operation_id = $2 and state = 'PREPARED'
     returning set_id`,
    key,
  )
  for (const row of prepared) {
    const setId = row['set_id'] as string
    await tx.query('delete from reshare_shares where set_id = $1', [setId])
    await deletePair(tx, setId)
  }
  await oweRemovalOf(tx, { clientId, operationId })
  await tx.query('update reshare_operations set state = null where client_id = $1 and operation_id = $2', key)
}
