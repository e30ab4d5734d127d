import { APPROVALS, resealApprovals } from '../approvals/end-approvals.ts'
import { SERVER_CHAIN } from '../audit/entry.ts'
import { resealAuditKey } from '../audit/key.ts'
import type { Rotation } from '../../util/master-keys.ts'
import type { SealContext } from '../../util/seal.ts'
import type { ServerContext } from '../context.ts'
import { bytes, int, readColumn, text } from '../../service/database/rows.ts'
import type { Row, Queryable } from '../../service/database/types.ts'
import { countOtherKeys, rowsOfOtherKeys, type SealedTable } from '../../service/other-keys.ts'
import { notDone } from '../each-row.ts'
import { otStateContext } from '../sets/ot-states.ts'
import { shareContext } from '../sets/shares.ts'

/** What lives as long as its set. The key of the log stays for ever, and what waits for an approval may wait for a year; all else that is sealed is forgotten within `preprocessingMs` or `operationMs + responseMs`. */
const LASTING: readonly (SealedTable & { readonly placeOf: (row: Row) => SealContext })[] = [
  {
    ...{ table: 'reshare_shares', key: ['set_id'], sealed: ['sealed'] },
    placeOf: (row) => shareContext(readColumn(row, 'client_id', text), readColumn(row, 'set_id', text)),
  },
  {
    ...{ table: 'reshare_ot_states', key: ['set_id'], sealed: ['sealed'] },
    placeOf: (row) => {
      const key = { clientId: readColumn(row, 'client_id', text), setId: readColumn(row, 'set_id', text) }
      return otStateContext(key, readColumn(row, 'epoch', int))
    },
  },
]

const SEALED: readonly SealedTable[] = [
  ...LASTING,
  APPROVALS,
  { table: 'reshare_audit_key', key: ['id'], sealed: ['sealed'] },
  { table: 'reshare_preprocessings', key: ['set_id', 'preprocessing_id'], sealed: ['sealed'] },
  {
    ...{ table: 'reshare_responses', key: ['client_id', 'operation_id', 'round'] },
    sealed: ['sealed', 'for_other_device'],
  },
  { table: 'reshare_operations', key: ['client_id', 'operation_id'], sealed: ['state'] },
]

/**
 * Seals what other keys have sealed again, by the current one, a row at a time. It may end at any point and be called
 * again, by several processes and beside servers that answer: each row changes only if it is still as it was read. What is
 * sealed already is passed over, by statements that look at a page of rows each.
 */
export async function rotate(context: ServerContext): Promise<Rotation> {
  const { database, sealer } = context
  let resealed = 0
  for (const lasting of LASTING) {
    const { table, placeOf } = lasting
    const columns = `*, (select client_id from reshare_sets where reshare_sets.set_id = ${table}.set_id) as client_id`
    for await (const row of rowsOfOtherKeys(database, lasting, sealer.keyId, columns)) {
      // A row that no key opens is told of, and holds up no other.
      const told = notResealed(context, `to seal row ${readColumn(row, 'set_id', text)} of ${table} again`)
      if (await reseal(context, table, row, placeOf(row)).catch(told)) resealed += 1
    }
  }
  resealed += await resealApprovals(context)
  if (await resealKeyOfLog(context).catch(notResealed(context, 'to seal the key of the log again'))) resealed += 1
  return { resealed, remaining: await countRemaining(context) }
}

/** The log tells of a change of the master key where it touches its own key: once, whoever does it. */
async function resealKeyOfLog({ database, sealer, audit }: ServerContext): Promise<boolean> {
  return resealAuditKey(database, sealer, (tx, before) =>
    audit.record(tx, SERVER_CHAIN, [{ event: 'masterKeyChanged', detail: `${before} ${sealer.keyId}` }]),
  )
}

async function reseal(context: ServerContext, table: string, row: Row, place: SealContext): Promise<boolean> {
  const sealed = readColumn(row, 'sealed', bytes)
  const resealed = context.sealer.reseal(place, sealed)
  return context.database.transaction(async (tx) => {
    await allowResealing(tx)
    const changed = await tx.query(
      `update ${table} set sealed = $3 where set_id = $1 and sealed = $2 returning set_id`,
      [readColumn(row, 'set_id', text), sealed, resealed],
    )
    return changed.length > 0
  })
}

/** Tells the trigger that guards share rows (invariant I1) what this transaction is for; it forgets with its end. */
async function allowResealing(tx: Queryable): Promise<void> {
  await tx.query(`select set_config('reshare.resealing', 'on', true)`)
}

function notResealed({ onError }: ServerContext, what: string): (error: unknown) => false {
  return (error) => {
    onError(notDone(what, error))
    return false
  }
}

async function countRemaining({ database, sealer }: ServerContext): Promise<number> {
  let remaining = 0
  for (const table of SEALED) remaining += await countOtherKeys(database, table, sealer.keyId)
  return remaining
}
