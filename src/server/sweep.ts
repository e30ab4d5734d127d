import { MpcError } from '../errors.ts'
import { findOlderSets } from './audit/older-sets.ts'
import { timestamp, type ServerContext } from './context.ts'
import { recordAbort } from './operations/decide.ts'
import { rateCounts } from './operations/rates.ts'
import { removeOwedHalves } from './sets/custodian-halves.ts'
import { logBans } from './sets/ot-pairs.ts'
import { forgetPresignatures } from './sets/presignatures.ts'
import { destroyRetiring } from './sets/retirements.ts'

/**
 * Makes up for what was left undone: aborts expired operations, destroys the halves of RETIRING sets, has the
 * custodian remove its halves of ended backups, forgets old answers, presignatures and counts; writes into the log what is not there yet. Any number of processes may do so at once.
 */
export async function sweep(context: ServerContext): Promise<void> {
  const { database, limits } = context
  const expired = await database.query(
    `select client_id, operation_id from reshare_operations expired
     where expires_at <= $1 and not exists (select 1 from reshare_decisions decided
       where decided.client_id = expired.client_id and decided.operation_id = expired.operation_id)`,
    [timestamp(context)],
  )
  for (const row of expired) {
    const key = { clientId: row['client_id'] as string, operationId: row['operation_id'] as string }
    await recordAbort(context, key).catch((error: unknown) => {
      // One row that fails is no reason to leave the others; one that another process has swept away is done.
      if (!isForgotten(error)) context.onError(error)
    })
  }
  await findOlderSets(context)
  await logBans(context)
  await destroyRetiring(context)
  await removeOwedHalves(context)
  await forgetPresignatures(context)
  await rateCounts(context).forget()
  await forgetOperations(context, timestamp(context, -limits.answerMs))
}

/**
 * Decisions of operations that made sets stay for ever: a client may ask after any time. So do those of proofs and exports:
 * begun anew, what a relay has kept of them (docs/protocol.md, Channel) would fail, and count until the client is locked out.
 */
async function forgetOperations({ database }: ServerContext, before: Date): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(
      `delete from reshare_answers using reshare_operations old
       where reshare_answers.client_id = old.client_id and reshare_answers.operation_id = old.operation_id
         and old.expires_at <= $1`,
      [before],
    )
    await tx.query(
      `delete from reshare_decisions decided using reshare_operations old
       where decided.client_id = old.client_id and decided.operation_id = old.operation_id and old.expires_at <= $1
         and old.request::jsonb ->> 'kind' in ('sign', 'setUp', 'presign')`,
      [before],
    )
    await tx.query('delete from reshare_operations where expires_at <= $1', [before])
  })
}

function isForgotten(error: unknown): boolean {
  return error instanceof MpcError && error.code === 'AUTH_FAILED'
}
