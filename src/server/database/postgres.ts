import pg from 'pg'
import { createMigrate } from './migrate.ts'
import { retryConflicts } from './serialization.ts'
import type { Database, Queryable, Row, SqlValue } from './types.ts'

/**
 * A PostgreSQL database behind a connection pool.
 *
 * @param options a `postgres://` URL, or the options of a `pg` pool
 */
export function postgresDatabase(options: string | pg.PoolConfig): Database {
  const pool = new pg.Pool(typeof options === 'string' ? { connectionString: options } : options)
  // An idle connection that the server closes is replaced by the pool; unheard, its error would end the process.
  pool.on('error', () => undefined)
  const connection: Pick<Database, 'query' | 'transaction'> = {
    ...queryable(pool),
    transaction: (work) => retryConflicts(() => inTransaction(pool, work)),
  }
  return { ...connection, migrate: createMigrate(connection), close: () => pool.end() }
}

function queryable(connection: pg.Pool | pg.PoolClient): Queryable {
  return {
    async query(sql, parameters = []) {
      const result = await connection.query<Record<string, SqlValue>>(sql, [...parameters])
      return result.rows.map(plainRow)
    },
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin isolation level serializable')
    const result = await work(queryable(client))
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => (broken = failure))
    throw error
  } finally {
    client.release(broken)
  }
}

/** `pg` gives bytea as a Buffer, which compares and prints unlike a Uint8Array and may share its memory. */
function plainRow(row: Record<string, SqlValue>): Row {
  for (const [name, value] of Object.entries(row)) if (value instanceof Uint8Array) row[name] = new Uint8Array(value)
  return row
}
