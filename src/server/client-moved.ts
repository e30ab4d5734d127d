import { MpcError } from '../errors.ts'
import { sqlState } from '../service/database/serialization.ts'
import type { Queryable } from '../service/database/types.ts'

/**
 * Declared by the function of `moves/tables.ts` that raises it: the client is in another database, or on its way. It is none of
 * PostgreSQL's own.
 */
export const MOVED_STATE = 'RSMVD'

/** SQL list of the states of a client that is in another database, or on its way. */
export const AWAY = `('LEAVING', 'GONE', 'ARRIVING', 'CANCELLED')`

/** SQL condition: the client in this column is in another database, or on its way. What is left of it here never changes. */
export function isAway(clientId: string): string {
  return `exists (select 1 from reshare_client_moves moved where moved.client_id = ${clientId} and moved.state in ${AWAY})`
}

/** How many errors wrap another one at most: one that causes itself has no end. */
const CAUSES = 8

/** Whether the database has refused a write because the client is in another one, or on its way; also as a cause. */
export function isRefusedAsMoved(error: unknown): boolean {
  let cause = error
  for (let depth = 0; depth < CAUSES; depth++) {
    if (sqlState(cause) === MOVED_STATE) return true
    cause = (cause as { cause?: unknown } | null | undefined)?.cause
  }
  return false
}

/**
 * Whether a client is in another database, or on its way. Asked after its rows were read: they were all of it if it is not.
 */
export async function hasMoved(db: Queryable, clientId: string): Promise<boolean> {
  const [row] = await db.query(`select 1 where ${isAway('$1')}`, [clientId])
  return row !== undefined
}

/** What a client is told by a server of a database that it is not in: the same request goes on at the other one. */
export function clientMoved(): MpcError {
  return new MpcError('CLIENT_MOVED', 'this client is being moved to another database', { retryAfterMs: 1000 })
}
