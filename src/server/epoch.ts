import type { Database, Queryable } from '../service/database/types.ts'
import { serverSchema } from './schema.ts'
import { assertMethods } from '../util/arguments.ts'

/** The number of the database's present life, in SQL. */
export const EPOCH = `(select number from reshare_meta where name = 'epoch')`

/** Which life of the database it is: it has been restored from copies one time less. */
export async function readEpoch(db: Queryable): Promise<number> {
  const [row] = await db.query(`select ${EPOCH} as number`)
  return row?.['number'] as number
}

/**
 * To be called after a database was restored from a copy, before a server uses it: live sessions of the copy are refused
 * from then on, because their one-time state may have been used after the copy was made. ECDSA setups and preprocessings
 * of the copy count as gone for the same reason; clients make new ones.
 *
 * @returns the number of the new epoch
 * @throws {TypeError} if it is no database
 */
export async function bumpEpoch(database: Database): Promise<number> {
  assertMethods(database, ['query', 'transaction', 'migrate'], 'database')
  await database.migrate(serverSchema)
  return database.transaction(async (tx) => {
    const [row] = await tx.query(`update reshare_meta set number = number + 1 where name = 'epoch' returning number`)
    return row?.['number'] as number
  })
}
