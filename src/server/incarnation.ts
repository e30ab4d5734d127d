import type { Database } from './database/types.ts'
import { serverSchema } from './schema.ts'

/**
 * To be called after a database was restored from a copy, before a server uses it: live sessions of the copy are refused
 * from then on, because their one-time state may have been used after the copy was made.
 *
 * @returns the number of the new incarnation
 */
export async function bumpIncarnation(database: Database): Promise<number> {
  await database.migrate(serverSchema)
  return database.transaction(async (tx) => {
    const [row] = await tx.query(
      `update reshare_meta set number = number + 1 where name = 'incarnation' returning number`,
    )
    return row?.['number'] as number
  })
}
