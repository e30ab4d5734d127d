import { int, readColumn } from '../service/database/rows.ts'
import type { Database, Queryable } from '../service/database/types.ts'
import { isAway } from './client-moved.ts'
import { serverSchema } from './schema.ts'
import { assertMethods } from '../util/arguments.ts'
import { inPages, PAGE } from '../util/pages.ts'

/** The database's current epoch, in SQL. */
export const EPOCH = `(select number from reshare_meta where name = 'epoch')`

/** The database's current epoch: one more than the number of restores. */
export async function readEpoch(db: Queryable): Promise<number> {
  const [row] = await db.query(`select ${EPOCH} as number`)
  return readColumn(row, 'number', int)
}

/**
 * Call this after restoring a database from a copy, before a server uses it. Running sessions of the copy are refused
 * from then on, because their one-time state may have been used after the copy was made. For the same reason the copy's
 * ECDSA setups and preprocessings are invalid; clients make new ones. Requests that wait for an approval have ended, since they may
 * have been denied after the copy was made.
 *
 * @returns the number of the new epoch
 * @throws {TypeError} if it is not a database
 */
export async function bumpEpoch(database: Database): Promise<number> {
  assertMethods(database, ['query', 'transaction', 'migrate'], 'database')
  await database.migrate(serverSchema)
  // What was denied, cancelled or used after the copy was made is open in it. Nothing is written for a client on its
  // way to another database: what it waits for does not go with it.
  for (const state of ['OPEN', 'USED']) {
    const some = (which: string) => `(client_id, approval_id) in
      (select client_id, approval_id from reshare_approvals where state = '${state}'${which} limit ${PAGE}) returning 1`
    const away = ` and ${isAway('reshare_approvals.client_id')}`
    await inPages(() => database.query(`delete from reshare_approvals where ${some(away)}`))
    await inPages(() =>
      database.query(`update reshare_approvals set state = 'ENDED', ended_at = now() where ${some('')}`),
    )
  }
  await inPages(() =>
    database.query(
      `delete from reshare_preprocessings where (set_id, preprocessing_id) in
         (select set_id, preprocessing_id from reshare_preprocessings order by set_id, preprocessing_id limit ${PAGE})
       returning 1`,
    ),
  )
  // Last: a call that ends early has changed nothing that another one does not change again.
  const [row] = await database.query(
    `update reshare_meta set number = number + 1 where name = 'epoch' returning number`,
  )
  return readColumn(row, 'number', int)
}
