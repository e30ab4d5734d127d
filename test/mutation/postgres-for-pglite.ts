import { randomBytes } from 'node:crypto'
import { postgresDatabase } from '../../src/service/database/postgres.ts'
import type { Database } from '../../src/service/database/types.ts'

/** What waits for its connection as long as this has a transaction that waits for it. */
const WAIT_MS = 20_000

/** A schema of its own in the run's PostgreSQL, on one connection as PGlite has. */
export function pgliteDatabase(directory?: string): Database {
  if (directory !== undefined) throw new Error('a database in a folder needs PGlite itself')
  const schema = `mutation_${randomBytes(8).toString('hex')}`
  const url = new URL(process.env['RESHARE_MUTATION_POSTGRES_URL'] as string)
  url.searchParams.set('options', `-c search_path=${schema}`)
  const database = postgresDatabase({ connectionString: url.href, max: 1, connectionTimeoutMillis: WAIT_MS })
  let created: Promise<unknown> | undefined
  const ready = () => (created ??= database.query(`create schema ${schema}`))
  return {
    query: async (sql, parameters) => {
      await ready()
      return database.query(sql, parameters)
    },
    transaction: async (work, isolation) => {
      await ready()
      return database.transaction(work, isolation)
    },
    migrate: async (wanted) => {
      await ready()
      return database.migrate(wanted)
    },
    async close() {
      await database.query(`drop schema if exists ${schema} cascade`)
      await database.close()
    },
  }
}
