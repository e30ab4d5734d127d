import { sqlState } from './serialization.ts'
import type { Database, Schema } from './types.ts'

type Connection = Pick<Database, 'query' | 'transaction'>

/** {@link Database.migrate} for an adapter: runs once per process and schema, and again if it failed. */
export function createMigrate(database: Connection): Database['migrate'] {
  const migrated = new Map<Schema['component'], Promise<void>>()
  return (schema) => {
    const running = migrated.get(schema.component) ?? migrate(database, schema)
    migrated.set(schema.component, running)
    running.catch(() => migrated.delete(schema.component))
    return running
  }
}

async function migrate(database: Connection, schema: Schema): Promise<void> {
  await createVersionTable(database)
  await database.transaction(async (tx) => {
    // LOCK takes no snapshot, so the following statements see what the previous holder has written.
    await tx.query('lock table reshare_schema in exclusive mode')
    const [row] = await tx.query('select version from reshare_schema where component = $1', [schema.component])
    const version = Number(row?.['version'] ?? 0)
    if (version > schema.migrations.length) throw new Error(`the database schema is at version ${version}, too new`)
    for (const statements of schema.migrations.slice(version)) {
      for (const statement of statements) await tx.query(statement)
    }
    await tx.query(
      `insert into reshare_schema (component, version) values ($1, $2)
       on conflict (component) do update set version = excluded.version`,
      [schema.component, schema.migrations.length],
    )
  })
}

/** unique_violation, duplicate_object and duplicate_table: raised if another process got there first. */
const ALREADY_THERE: ReadonlySet<unknown> = new Set(['23505', '42710', '42P07'])

async function createVersionTable(database: Connection): Promise<void> {
  try {
    await database.query('create table if not exists reshare_schema (component text primary key, version int not null)')
  } catch (error) {
    // `if not exists` does not see a table, and its type, that another process is creating and has not committed.
    if (!ALREADY_THERE.has(sqlState(error))) throw error
  }
}
