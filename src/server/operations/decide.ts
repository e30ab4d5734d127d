import type { Decision } from '../../api/operations.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import { notAuthorized } from '../sets/rows.ts'
import { findDecision, findOperation, recordDecision, type OperationKey } from './rows.ts'

/**
 * Aborts an operation unless it is decided: destroys what it prepared and forgets its sessions.
 *
 * @returns what was decided, now or before
 * @throws {AUTH_FAILED} if the client has no such operation
 */
export async function abortOperation(context: ServerContext, key: OperationKey): Promise<Decision> {
  return context.database.transaction(async (tx) => {
    const known = (await findOperation(tx, key)) !== undefined || (await findDecision(tx, key)) !== undefined
    if (!known) throw notAuthorized()
    const decision = await recordDecision(context, tx, key, 'ABORT')
    if (decision === 'ABORT') await discardPrepared(tx, key)
    return { decision }
  })
}

/** Destroys what an aborted operation has prepared. */
async function discardPrepared(tx: Queryable, { clientId, operationId }: OperationKey): Promise<void> {
  const key = [clientId, operationId]
  await tx.query(
    `delete from reshare_shares where set_id in
       (select set_id from reshare_sets where client_id = $1 and operation_id = $2 and state = 'PREPARED')`,
    key,
  )
  await tx.query(
    `update reshare_sets set state = 'ABORTED' where client_id = $1 and operation_id = $2 and state = 'PREPARED'`,
    key,
  )
  await tx.query('update reshare_operations set state = null where client_id = $1 and operation_id = $2', key)
}
