import pg from 'pg'
import { Unavailable } from '../../api/http.ts'
import { createMigrate } from './migrate.ts'
import { retryConflicts, sqlState } from './serialization.ts'
import type { Database, Isolation, Queryable, Row, SqlValue } from './types.ts'
import { isBytes } from '../../util/bytes.ts'

/**
 * A PostgreSQL database behind a connection pool. What fails because the database cannot be used now, {@link Unavailable}
 * says so.
 *
 * @param options a `postgres://` URL, or the options of a `pg` pool
 */
export function postgresDatabase(options: string | pg.PoolConfig): Database {
  const pool = new pg.Pool(typeof options === 'string' ? { connectionString: options } : options)
  // An idle connection that the server closes is replaced by the pool; unheard, its error would end the process.
  pool.on('error', () => undefined)
  const connection: Pick<Database, 'query' | 'transaction'> = {
    ...queryable(pool),
    transaction: (work, isolation = 'serializable') => retryConflicts(() => inTransaction(pool, work, isolation)),
  }
  return { ...connection, migrate: createMigrate(connection), close: () => pool.end() }
}

function queryable(connection: pg.Pool | pg.PoolClient): Queryable {
  return {
    async query(sql, parameters = []) {
      const result = await connection.query<Record<string, SqlValue>>(sql, [...parameters]).catch(rethrow)
      return result.rows.map(plainRow)
    },
  }
}

/**
 * A serializable transaction that reads a small table whole, because that is quicker, conflicts with everybody who writes to
 * it: it has read every row (PostgreSQL's manual, 13.2.3).
 */
const BEGIN: Readonly<Record<Isolation, string>> = {
  serializable: 'begin isolation level serializable; set local enable_seqscan = off',
  'read committed': 'begin isolation level read committed',
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>, isolation: Isolation): Promise<T> {
  const client = await pool.connect().catch(rethrow)
  let broken: Error | undefined
  // The pool listens to idle connections only. One that is lost while it is in use fails its statement as well, and
  // unheard, its error would end the process.
  const lose = (error: Error) => {
    broken = error
  }
  client.on('error', lose)
  try {
    await client.query(BEGIN[isolation]).catch(rethrow)
    const result = await work(queryable(client))
    await client.query('commit').catch(rethrow)
    return result
  } catch (error) {
    await client.query('rollback').catch(lose)
    throw error
  } finally {
    client.off('error', lose)
    client.release(broken)
  }
}

/**
 * SQLSTATEs after which the same statement may do later: connection exceptions, insufficient resources, an operator's
 * intervention or a crash, a lock or a statement that took too long, and a server that has become a standby.
 */
const PASSING = /^(?:08|53|57|58|55P03|25006|25P0[34])/

function rethrow(error: unknown): never {
  const state = sqlState(error)
  // What the driver fails with by itself is the connection: PostgreSQL's own errors have a state.
  if (state === undefined || PASSING.test(state)) {
    throw new Unavailable('the database cannot be used now', { cause: error })
  }
  throw error
}

/** `pg` gives bytea as a Buffer, which compares and prints unlike a Uint8Array and may share its memory. */
function plainRow(row: Record<string, SqlValue>): Row {
  for (const [name, value] of Object.entries(row)) if (isBytes(value)) row[name] = new Uint8Array(value)
  return row
}
