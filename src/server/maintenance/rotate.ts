import { resealApprovals } from '../approvals/end-approvals.ts'
import { SERVER_CHAIN } from '../audit/entry.ts'
import { resealAuditKey } from '../audit/key.ts'
import type { Rotation } from '../../util/master-keys.ts'
import type { SealContext } from '../../util/seal.ts'
import type { ServerContext } from '../context.ts'
import { bytes, int, readColumn, text } from '../../service/database/rows.ts'
import type { Row, Queryable } from '../../service/database/types.ts'
import { notDone } from '../each-row.ts'
import { otStateContext } from '../sets/ot-states.ts'
import { shareContext } from '../sets/shares.ts'

const BATCH = 100

/** What lives as long as its set. The key of the log stays for ever, and what waits for an approval may wait for a year; all else that is sealed is forgotten within `preprocessingMs` or `operationMs + responseMs`. */
const LASTING: readonly { readonly table: string; readonly placeOf: (row: Row) => SealContext }[] = [
  {
    table: 'reshare_shares',
    placeOf: (row) => shareContext(readColumn(row, 'client_id', text), readColumn(row, 'set_id', text)),
  },
  {
    table: 'reshare_ot_states',
    placeOf: (row) => {
      const key = { clientId: readColumn(row, 'client_id', text), setId: readColumn(row, 'set_id', text) }
      return otStateContext(key, readColumn(row, 'epoch', int))
    },
  },
]

const SEALED: readonly (readonly [table: string, column: string])[] = [
  ...LASTING.map(({ table }) => [table, 'sealed'] as const),
  ['reshare_audit_key', 'sealed'],
  ['reshare_preprocessings', 'sealed'],
  ['reshare_responses', 'sealed'],
  ['reshare_responses', 'for_other_device'],
  ['reshare_operations', 'state'],
  ['reshare_approvals', 'sealed'],
]

/**
 * Seals what other keys have sealed again, by the current one, a row at a time. It may end at any point and be called
 * again, by several processes and beside servers that answer: each row changes only if it is still as it was read.
 */
export async function rotate(context: ServerContext): Promise<Rotation> {
  let resealed = 0
  for (const { table, placeOf } of LASTING) {
    let last = ''
    for (;;) {
      const rows = await context.database.query(
        `select stored.*, owner.client_id from ${table} stored join reshare_sets owner on owner.set_id = stored.set_id
         where stored.set_id > $1 and owner.set_id > $1 and get_byte(stored.sealed, 0) <> $2 order by stored.set_id limit ${BATCH}`,
        [last, context.sealer.keyId],
      )
      if (rows.length === 0) break
      for (const row of rows) {
        const setId = readColumn(row, 'set_id', text)
        // A row that no key opens is told of, and holds up no other.
        const told = notResealed(context, `to seal row ${setId} of ${table} again`)
        if (await reseal(context, table, row, placeOf(row)).catch(told)) resealed += 1
        last = setId
      }
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
  const counts = SEALED.map(([table, column]) => `(select count(*) from ${table} where get_byte(${column}, 0) <> $1)`)
  const [row] = await database.query(`select (${counts.join(' + ')})::int as remaining`, [sealer.keyId])
  return readColumn(row, 'remaining', int)
}
