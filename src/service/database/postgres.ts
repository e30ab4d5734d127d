import type pg from 'pg'
import { loadOptional } from '../optional-packages.ts'
import { createMigrate } from './migrate.ts'
import { rethrow } from './postgres-errors.ts'
import type { PostgresConnection, PostgresOptions } from './postgres-options.ts'
import { requireUsable, settings } from './postgres-settings.ts'
import { types } from './postgres-types.ts'
import { retryConflicts } from './serialization.ts'
import type { Database, Isolation, Queryable, SqlValue } from './types.ts'
import { assertObject } from '../../util/arguments.ts'

export type { PostgresConnection, PostgresOptions }

/**
 * A PostgreSQL database behind a connection pool of the package `pg`. It throws `Unavailable` if the database cannot be
 * used now, and `Misconfigured` if it is set up wrongly or `pg` is not installed. It also works through a pooler that
 * pools by transaction.
 *
 * @param options a `postgres://` URL, or the options of a `pg` pool
 */
export function postgresDatabase(options: string | PostgresOptions): Database {
  const config: PostgresOptions =
    typeof options === 'string' ? { connectionString: options } : assertObject(options, 'postgresDatabase')
  const pool = openPool(config)
  // Whoever uses it first gets the error.
  pool.catch(() => undefined)
  const connection: Pick<Database, 'query' | 'transaction'> = {
    // A single statement may conflict with others too, with more of them if the role's transactions are serializable.
    query: async (sql, parameters) => {
      const queries = queryable(await pool)
      return retryConflicts(() => queries.query(sql, parameters))
    },
    transaction: async (work, isolation = 'serializable') => {
      const opened = await pool
      return retryConflicts(() => inTransaction(opened, work, isolation))
    },
  }
  const migrate = createMigrate(connection)
  let usable: Promise<void> | undefined
  return {
    ...connection,
    async migrate(schema) {
      usable ??= requireUsable(connection).catch((error: unknown) => {
        usable = undefined
        throw error
      })
      await usable
      await migrate(schema)
    },
    async close() {
      // Without the package, nothing has been opened.
      const opened = await pool.catch(() => undefined)
      await opened?.end()
    },
  }
}

async function openPool(config: PostgresOptions): Promise<pg.Pool> {
  const { default: driver } = await loadOptional('reshare/server/postgres', ['pg'], () => import('pg'))
  const pool = new driver.Pool({
    ...(config as pg.PoolConfig),
    types,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the pool waits for it; its types do not say so
    onConnect: (client) => connected(client, config),
  })
  // The pool replaces an idle connection that the server closes; without a listener, its error would end the process.
  pool.on('error', () => undefined)
  return pool
}

async function connected(client: pg.ClientBase, config: PostgresOptions): Promise<void> {
  await client.query(settings)
  const hookResult: unknown = config.onConnect?.(client)
  await hookResult
}

function queryable(connection: pg.Pool | pg.PoolClient): Queryable {
  return {
    async query(sql, parameters = []) {
      const result = await connection.query<Record<string, SqlValue>>(sql, [...parameters]).catch(rethrow)
      return result.rows
    },
  }
}

/**
 * A serializable transaction that scans a small table, because that is faster than its index, conflicts with every
 * writer of the table: it has read every row (PostgreSQL manual, 13.2.3).
 */
const BEGIN: Readonly<Record<Isolation, string>> = {
  serializable: 'begin isolation level serializable; set local enable_seqscan = off',
  'read committed': 'begin isolation level read committed',
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>, isolation: Isolation): Promise<T> {
  const client = await pool.connect().catch(rethrow)
  let broken: Error | undefined
  // The pool listens to idle connections only. One that is lost in use also fails its statement; without a listener, its
  // error would end the process.
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
