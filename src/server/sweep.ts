import { isMpcError } from '../errors.ts'
import { findOlderSets } from './audit/older-sets.ts'
import { timestamp, type ServerContext } from './context.ts'
import { finishRevocations } from './devices/finish-revocation.ts'
import { recordAbort } from './operations/decide.ts'
import { rateCounts } from './operations/rates.ts'
import { removeOwedHalves } from './sets/custodian-halves.ts'
import { logBans } from './sets/ot-pairs.ts'
import { forgetPresignatures } from './sets/presignatures.ts'
import { destroyRetiring } from './sets/retirements.ts'

/**
 * Makes up for what was left undone: aborts expired operations, finishes revocations, destroys the halves of RETIRING sets,
 * has the custodian remove its halves of ended backups, forgets old answers, presignatures and counts; writes into the log
 * what is not there yet. Any number of processes may do so at once.
 */
export async function sweep(context: ServerContext): Promise<void> {
  const { database, limits } = context
  const expired = await database.query(
    `select client_id, operation_id from reshare_operations expired
     where (state is not null or round = 0) and expires_at <= $1 and not exists (select 1 from reshare_decisions decided
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
  await finishRevocations(context)
  await destroyRetiring(context)
  await removeOwedHalves(context)
  await forgetPresignatures(context)
  await rateCounts(context).forget()
  await forgetOperations(context, timestamp(context, -limits.answerMs))
}

/**
 * Only what is decided is forgotten: an operation whose abort has failed is aborted by a later sweep.
 *
 * Decisions of operations that made sets stay for ever: a client may ask after any time. So do those of proofs and exports:
 * begun anew, what a relay has kept of them (docs/protocol.md, Channel) would fail, and count until the client is locked out.
 */
async function forgetOperations({ database }: ServerContext, before: Date): Promise<void> {
  // One statement, since all its parts see the decisions that there were before it.
  const forget = `with old as (
      select client_id, operation_id, kind
      from reshare_operations join reshare_decisions using (client_id, operation_id) where expires_at <= $1
    ), answers as (
      delete from reshare_answers using old
      where reshare_answers.client_id = old.client_id and reshare_answers.operation_id = old.operation_id
    ), decisions as (
      delete from reshare_decisions using old
      where reshare_decisions.client_id = old.client_id and reshare_decisions.operation_id = old.operation_id
        and kind in ('sign', 'setUp', 'presign')
    )
    delete from reshare_operations using old
    where reshare_operations.client_id = old.client_id and reshare_operations.operation_id = old.operation_id`
  // What is decided and as old as this changes no more. Serializable, its look at so many rows would conflict with every round.
  await database.transaction((tx) => tx.query(forget, [before]), 'read committed')
}

function isForgotten(error: unknown): boolean {
  return isMpcError(error, 'AUTH_FAILED')
}
