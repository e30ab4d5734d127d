import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { postgresDatabase } from '../../../src/service/database/postgres.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { seededRandom } from '../../support/random.ts'

/** A kind of database that the server runs on, and how to get an empty one. */
export interface DatabaseKind {
  readonly name: string
  open(): Promise<Database>
}

const admin = process.env['RESHARE_TEST_POSTGRES_URL']

/** PGlite, and PostgreSQL where `npm test` has started one. */
export const databaseKinds: readonly DatabaseKind[] = [
  { name: 'PGlite', open: async () => pgliteDatabase() },
  ...(admin ? [{ name: 'PostgreSQL', open: openPostgres }] : []),
]

/**
 * Whether tests to which every database is the same run on this one: on one of them, on another in other runs, or on all
 * with RESHARE_TEST_DATABASES=all.
 *
 * @param tests what the choice is made for, so that not all fall on the same
 */
export function isChosen(database: string, tests: string): boolean {
  if (process.env['RESHARE_TEST_DATABASES'] === 'all') return true
  return seededRandom(`database for ${tests}`).pick(databaseKinds).name === database
}

/** The databases that are chosen for tests to which every database is the same: see {@link isChosen}. */
export const chosenDatabases = (tests: string): readonly DatabaseKind[] =>
  databaseKinds.filter(({ name }) => isChosen(name, tests))

/** A database of its own on the test's PostgreSQL, dropped when it is closed. */
async function openPostgres(): Promise<Database> {
  const { url, drop } = await createPostgres()
  const database = postgresDatabase(url)
  return {
    ...database,
    async close() {
      await database.close()
      await drop()
    },
  }
}

/** A database of its own on the test's PostgreSQL. */
export async function createPostgres(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  if (!admin) throw new Error('there is no PostgreSQL for this test')
  const name = `reshare_${randomBytes(8).toString('hex')}`
  await asAdmin(admin, `create database ${name}`)
  const own = new URL(admin)
  own.pathname = `/${name}`
  return { url: own.href, drop: () => asAdmin(admin, `drop database ${name} with (force)`) }
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
