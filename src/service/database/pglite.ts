import { join } from 'node:path'
import type { PGlite, Transaction } from '@electric-sql/pglite'
import { isDate } from '../../util/brand.ts'
import { abytes, isBytes } from '../../util/bytes.ts'
import { makeInnerFolder } from '../../util/node/private-files.ts'
import { loadOptional } from '../optional-packages.ts'
import { makeDataFolder } from './data-folder.ts'
import { lockDirectory } from './directory-lock.ts'
import { createMigrate } from './migrate.ts'
import { readTime, TIMESTAMPTZ } from './postgres-types.ts'
import { retryConflicts } from './serialization.ts'
import type { Database, Queryable, Row, SqlValue } from './types.ts'

/**
 * An embedded PostgreSQL (PGlite) for one process. It needs the package `@electric-sql/pglite`: without it, every query
 * throws `Misconfigured`.
 *
 * It survives the end of its process at any moment. It does not flush its writes to disk, so a power failure may lose
 * the last of them: if that matters, use PostgreSQL.
 *
 * @param directory a folder of its own, created if it is missing and restricted to its owner (0700). Default: in memory
 * @throws {TypeError} if `directory` is not a path
 * @throws {Error} if another running process has the folder open, or others can access it and it holds anything else
 */
export function pgliteDatabase(directory?: string): Database {
  if (directory !== undefined && !isPath(directory)) throw new TypeError('directory must be a path')
  const unlock = directory === undefined ? () => undefined : openDirectory(directory)
  const opening = openPGlite(directory === undefined ? 'memory://' : join(directory, 'data'))
  // Whoever uses it first gets the error.
  opening.catch(() => undefined)
  const connection: Pick<Database, 'query' | 'transaction'> = {
    query: async (sql, parameters) => queryable(await opening).query(sql, parameters),
    transaction: async (work, isolation = 'serializable') => {
      const pglite = await opening
      return retryConflicts(() =>
        pglite.transaction(async (tx) => {
          await tx.query(`set transaction isolation level ${isolation}`)
          return work(queryable(tx))
        }),
      )
    },
  }
  return {
    ...connection,
    migrate: createMigrate(connection),
    async close() {
      // Without the package, nothing has been opened.
      const pglite = await opening.catch(() => undefined)
      await pglite?.close()
      unlock()
    },
  }
}

async function openPGlite(path: string): Promise<PGlite> {
  const load = () => import('@electric-sql/pglite')
  const pglite = await loadOptional('reshare/server/pglite', ['@electric-sql/pglite'], load)
  // By its own, infinite times are numbers.
  return new pglite.PGlite(path, { parsers: { [TIMESTAMPTZ]: readTime } })
}

function openDirectory(directory: string): () => void {
  makeDataFolder(directory)
  // PGlite would create it with the account's umask.
  makeInnerFolder(join(directory, 'data'))
  return lockDirectory(directory)
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

function queryable(connection: PGlite | Transaction): Queryable {
  return {
    query: async (sql, parameters = []) => (await connection.query<Row>(sql, parameters.map(ofThisRealm))).rows,
  }
}

/** PGlite accepts bytes and dates of its own realm only. */
function ofThisRealm(value: SqlValue): SqlValue {
  if (isBytes(value)) return abytes(value, undefined, 'a parameter')
  return isDate(value) ? new Date(value.getTime()) : value
}
