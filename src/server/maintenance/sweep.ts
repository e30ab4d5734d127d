import { inPages, PAGE } from '../../util/pages.ts'
import { sweepApprovals } from '../approvals/end-approvals.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { finishRevocations } from '../devices/finish-revocation.ts'
import { forgetStoredResponses } from '../http/stored-responses.ts'
import { forgetEvents } from '../events/forget.ts'
import { OPERATION_KINDS, SERVER_OPERATIONS } from '../operations/definitions.ts'
import { abortExpired } from '../rounds/decisions.ts'
import { rateCounts } from '../rounds/rates.ts'
import { forgetReservations } from '../rounds/reservations.ts'
import { deletePendingShares } from '../sets/custodian-shares.ts'
import { logBans } from '../sets/ot-states.ts'
import { forgetPreprocessings } from '../sets/preprocessings.ts'
import { retireExpired } from '../sets/expiry.ts'
import { destroyRetiring } from '../sets/retirements.ts'

/** The kinds, as literals of SQL, whose decisions are deleted with their operations. */
const FORGOTTEN = OPERATION_KINDS.filter((kind) => !SERVER_OPERATIONS[kind].keepsDecision).map((kind) => `'${kind}'`)

const STEPS: readonly ((context: ServerContext) => Promise<void>)[] = [
  abortExpired,
  logBans,
  finishRevocations,
  (context) => retireExpired(context),
  (context) => destroyRetiring(context),
  (context) => deletePendingShares(context),
  forgetPreprocessings,
  (context) => rateCounts(context).forget(),
  forgetReservations,
  sweepApprovals,
  forgetStoredResponses,
  forgetEvents,
  forgetOperations,
]

/**
 * Finishes what was left undone: aborts expired operations, finishes revocations, retires expired sets, destroys the server shares of
 * RETIRING sets, has the custodian delete its shares of ended backups, deletes old responses, preprocessings and
 * counts, and adds missing bans to the log. Any number of processes may sweep at once.
 *
 * Failures are reported and left for the next sweep. They block neither other rows nor later steps.
 *
 * @throws if the database does not answer any more
 */
export async function sweep(context: ServerContext): Promise<void> {
  for (const step of STEPS) {
    try {
      await step(context)
    } catch (error) {
      await context.database.query('select 1')
      context.onError(error)
    }
  }
}

/**
 * Only what is decided is forgotten: an operation whose abort has failed is aborted by a later sweep.
 *
 * Decisions of some kinds stay for ever. Of operations that made sets: a client may ask after any time. Of proofs and
 * exports: begun anew, what a relay has kept of them (docs/protocol.md, Channel) would fail, and count until the client
 * is locked out.
 */
async function forgetOperations(context: ServerContext): Promise<void> {
  const before = timestamp(context, -context.limits.responseMs)
  // One statement, since all its parts see the decisions that there were before it.
  const forget = `with old as (
      select client_id, operation_id, kind
      from reshare_operations join reshare_decisions using (client_id, operation_id) where expires_at <= $1
      limit ${PAGE}
    ), answers as (
      delete from reshare_responses using old
      where reshare_responses.client_id = old.client_id and reshare_responses.operation_id = old.operation_id
    ), decisions as (
      delete from reshare_decisions using old
      where reshare_decisions.client_id = old.client_id and reshare_decisions.operation_id = old.operation_id
        and kind in (${FORGOTTEN.join(', ')})
    )
    delete from reshare_operations using old
    where reshare_operations.client_id = old.client_id and reshare_operations.operation_id = old.operation_id
    returning 1`
  // What is decided and as old as this changes no more. Serializable, its look at so many rows would conflict with every round.
  await inPages(() => context.database.transaction((tx) => tx.query(forget, [before]), 'read committed'))
}
