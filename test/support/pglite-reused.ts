import type { PGliteOptions, Transaction } from '../../node_modules/@electric-sql/pglite/dist/index.js'
import { PGlite as OwnPGlite } from '../../node_modules/@electric-sql/pglite/dist/index.js'
import { PGlite as FromCopy } from './pglite-from-copy.ts'

/** What databases need of PGlite. */
type Lent = Pick<OwnPGlite, 'query' | 'transaction' | 'close'>

/** Databases in memory that have nothing in them and that nobody has, and the options of each. */
const idle: { readonly pglite: FromCopy; readonly options: PGliteOptions | undefined }[] = []

/**
 * PGlite for the tests, called with `new`: a database in memory that was closed is emptied and is the next new one, which takes
 * a few milliseconds. All else is PGlite's own.
 */
export function PGlite(folder: string, options?: PGliteOptions): Lent {
  return folder === 'memory://' ? lend(options) : new OwnPGlite(folder, options)
}

function lend(options: PGliteOptions | undefined): Lent {
  const found = idle.findIndex((one) => sameParsers(one.options, options))
  const pglite = found === -1 ? new FromCopy('memory://', options) : idle.splice(found, 1)[0]!.pglite
  let running = 0
  let closed = false
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (closed) throw new Error('PGlite is closed')
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
    }
  }
  return {
    query: (sql, parameters, how) => run(() => pglite.query(sql, parameters, how)),
    transaction: <Result>(work: (tx: Transaction) => Promise<Result>) => run(() => pglite.transaction(work)),
    async close() {
      if (closed) throw new Error('PGlite is closed')
      closed = true
      if (running > 0 || !(await isEmptied(pglite))) await pglite.close()
      else idle.push({ pglite, options })
    },
  }
}

function sameParsers(one: PGliteOptions | undefined, other: PGliteOptions | undefined): boolean {
  const [left, right] = [Object.entries(one?.parsers ?? {}), Object.entries(other?.parsers ?? {})]
  return left.length === right.length && left.every(([type, parse]) => other?.parsers?.[Number(type)] === parse)
}

/** Drops what the tests have made. Whether nothing is left: of what else there may be, a database is not emptied. */
async function isEmptied(pglite: FromCopy): Promise<boolean> {
  try {
    await pglite.exec('drop schema public cascade; create schema public')
    await pglite.exec('discard all')
    const { rows } = await pglite.query<{ left: number }>(
      `select (select count(*) from pg_namespace where oid >= 16384 and nspname <> 'public')
            + (select count(*) from pg_roles where oid >= 16384) + (select count(*) from pg_db_role_setting)
            + (select count(*) from pg_extension where oid >= 16384) + (select count(*) from pg_largeobject_metadata) as left`,
    )
    return rows[0]!.left === 0
  } catch {
    return false
  }
}
