import type { Database, Queryable } from '../service/database/types.ts'
import { serverSchema } from './schema.ts'
import { assertMethods } from '../util/arguments.ts'

/** The number of the database's present life, in SQL. */
export const INCARNATION = `(select number from reshare_meta where name = 'incarnation')`

/** Which life of the database it is: it has been restored from copies one time less. */
export async function readIncarnation(db: Queryable): Promise<number> {
  const [row] = await db.query(`select ${INCARNATION} as number`)
  return row?.['number'] as number
}

/**
 * To be called after a database was restored from a copy, before a server uses it: live sessions of the copy are refused
 * from then on, because their one-time state may have been used after the copy was made. ECDSA set-ups and preprocessings
 * of the copy count as gone for the same reason; clients make new ones.
 *
 * @returns the number of the new incarnation
 * @throws {TypeError} if it is no database
 */
export async function bumpIncarnation(database: Database): Promise<number> {
  assertMethods(database, ['query', 'transaction', 'migrate'], 'database')
  await database.migrate(serverSchema)
  return database.transaction(async (tx) => {
    const [row] = await tx.query(
      `update reshare_meta set number = number + 1 where name = 'incarnation' returning number`,
    )
    return row?.['number'] as number
  })
}
