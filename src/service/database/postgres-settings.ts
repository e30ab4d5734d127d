import { Misconfigured } from '../http.ts'
import type { Queryable } from './types.ts'

/**
 * What each connection sets for itself. Poolers keep it for their client, since PostgreSQL reports its changes; what they do
 * not keep is not set here: pooling by transaction, it would be other clients' as well.
 */
export const settings = `set datestyle = 'ISO'`

/**
 * Looks at what no connection can set.
 *
 * @throws {Misconfigured} if the database cannot hold all text, or every transaction would be one that only reads
 */
export async function requireUsable(db: Queryable): Promise<void> {
  const [row] = await db.query(
    `select current_setting('server_encoding') as encoding,
       current_setting('default_transaction_read_only') = 'on' and not pg_is_in_recovery() as read_only`,
  )
  if (row?.['encoding'] !== 'UTF8') {
    throw new Misconfigured(`the database's encoding is ${String(row?.['encoding'])}: create one with encoding UTF8`)
  }
  if (row['read_only'] === true) {
    throw new Misconfigured('default_transaction_read_only is on for this role or database: turn it off')
  }
}
