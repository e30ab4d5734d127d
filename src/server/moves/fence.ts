import { readColumn, text } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { FENCED } from './tables.ts'

/** How long a table is waited for: meanwhile, others who write to it wait, too. */
const LOCK_MS = 5000

/**
 * Adds the triggers that refuse writes for clients that are in another database, unless they are there. A database that no client
 * moves to or from has none, and pays nothing.
 *
 * Whoever has written to a table is waited for; whoever writes after this has the trigger, whatever snapshot it reads by. It may
 * end at any point and be called again.
 *
 * @throws if a transaction keeps a table for long
 */
export async function raiseFence(database: Database): Promise<void> {
  const unfenced = await findUnfenced(database)
  for (const [table, refuse] of FENCED) {
    if (!unfenced.has(table)) continue
    await database.transaction(async (tx) => {
      await tx.query(`set local lock_timeout = ${LOCK_MS}`)
      await tx.query(`lock table ${table} in share row exclusive mode`)
      // Another mover may have added it since.
      if (!(await findUnfenced(tx)).has(table)) return
      await tx.query(
        `create trigger ${table}_fenced before insert or update on ${table} for each row execute function ${refuse}()`,
      )
    }, 'read committed')
  }
}

/** The tables without their trigger. */
async function findUnfenced(db: Queryable): Promise<ReadonlySet<string>> {
  const rows = await db.query(
    `select name from unnest(string_to_array($1, ',')) name where not exists
       (select 1 from pg_trigger where tgrelid = name::regclass and tgname = name || '_fenced' and tgenabled = 'O')`,
    [FENCED.map(([table]) => table).join()],
  )
  return new Set(rows.map((row) => readColumn(row, 'name', text)))
}
