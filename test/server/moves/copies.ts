import { COPIED, insertRows } from '../../../src/server/moves/client-rows.ts'
import { raiseFence } from '../../../src/server/moves/fence.ts'
import { serverSchema } from '../../../src/server/schema.ts'
import type { Database, Row } from '../../../src/service/database/types.ts'

/** The rows of a database at a time, by table. */
export type Copy = ReadonlyMap<string, readonly Row[]>

const TABLES = [
  ...COPIED.map(({ table }) => table),
  ...['reshare_audit_key', 'reshare_audit', 'reshare_audit_heads', 'reshare_client_moves', 'reshare_database'],
]

/** Copies what a database has of clients, and its log, as they are now. */
export async function copyOf(database: Database): Promise<Copy> {
  const copy = new Map<string, Row[]>()
  for (const table of TABLES) {
    const rows = await database.query(
      `select * from ${table} order by ${table === 'reshare_sets' ? 'ordinal' : '1, 2'}`,
    )
    copy.set(
      table,
      rows.map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => column !== 'ordinal'))),
    )
  }
  return copy
}

/** Writes a copy into an empty database, which has the triggers of one that clients have moved to or from. */
export async function writeCopy(database: Database, copy: Copy): Promise<void> {
  await database.migrate(serverSchema)
  for (const [table, rows] of copy) await insertRows(database, table, rows)
  await raiseFence(database)
}
