import { Misconfigured } from '../http.ts'
import type { Queryable } from './types.ts'

/**
 * The settings of each connection. Poolers keep these per client, since PostgreSQL reports changes to them. Others are
 * not set here: with pooling by transaction they would leak to other clients.
 */
export const settings = `set datestyle = 'ISO'`

/**
 * Checks what a connection cannot set.
 *
 * @throws {Misconfigured} if the database cannot hold all text, or its transactions are read-only
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
