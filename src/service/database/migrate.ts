import { readSchemaVersion } from './schema-version.ts'
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
    const version = await readSchemaVersion(tx, schema)
    // A newer process has migrated them, in a way that this one can go on with.
    if (version > schema.migrations.length) return
    for (const statements of schema.migrations.slice(version)) {
      for (const statement of statements) await tx.query(statement)
    }
    await tx.query(
      `insert into reshare_schema (component, version, oldest) values ($1, $2, $3)
       on conflict (component) do update set version = excluded.version, oldest = excluded.oldest`,
      [schema.component, schema.migrations.length, schema.oldest],
    )
  })
}

/** unique_violation, duplicate_object, duplicate_table, duplicate_column: raised if another process got there first. */
const ALREADY_THERE: ReadonlySet<unknown> = new Set(['23505', '42710', '42P07', '42701'])

async function createVersionTable(database: Connection): Promise<void> {
  await createUnlessThere(
    database,
    'create table if not exists reshare_schema (component text primary key, version int not null, oldest int)',
  )
  const [column] = await database.query(
    `select 1 from pg_attribute where attrelid = 'reshare_schema'::regclass and attname = 'oldest'`,
  )
  if (column === undefined) await createUnlessThere(database, 'alter table reshare_schema add column oldest int')
}

async function createUnlessThere(database: Connection, sql: string): Promise<void> {
  try {
    await database.query(sql)
  } catch (error) {
    // `if not exists` does not see a table, and its type, that another process is creating and has not committed.
    if (!ALREADY_THERE.has(sqlState(error))) throw error
  }
}
