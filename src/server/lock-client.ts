import type { Queryable } from '../service/database/types.ts'

/**
 * Locks the operations that a client starts until this transaction ends. In a read committed transaction, later statements
 * see all operations that others have started, and those that were decided before they were started.
 */
export async function lockClient(tx: Queryable, clientId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`reshare client ${clientId}`])
}

/** The turn of an operation that starts: it holds the lock of the client. */
export function turnOfClient(clientId: string): string {
  return `client ${clientId}`
}
