import { errorMessage } from '../../util/brand.ts'
import { toHex } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import type { Database } from '../../service/database/types.ts'
import { CHECKS, type Check } from './checks.ts'

/** What was found of one thing that the server relies on. */
export interface DatabaseCheck {
  /** Names it. */
  readonly name: string
  /** `notTried`: it takes two connections, and there is one, or an earlier check did not end. */
  readonly result: 'ok' | 'missing' | 'notTried'
  /** What is wrong, or why it was not tried; empty for `ok`. */
  readonly detail: string
}

/** What was found of a database. */
export interface DatabaseReport {
  /** What it calls itself. */
  readonly version: string
  /** Whether nothing is missing. */
  readonly isUsable: boolean
  /** In the order in which it was tried. */
  readonly checks: readonly DatabaseCheck[]
}

const TIMEOUT_MS = 60_000

/**
 * Tries on a database what the server relies on. It makes tables of a name of its own, and drops them.
 *
 * @param options `isSingle`: the database has one connection, so that nothing runs at the same time; `timeoutMs`: for each check
 * @throws {Unavailable | Misconfigured} if the database cannot be used, or makes no tables
 */
export async function checkDatabase(
  database: Database,
  { isSingle = false, timeoutMs = TIMEOUT_MS }: { readonly isSingle?: boolean; readonly timeoutMs?: number } = {},
): Promise<DatabaseReport> {
  const [row] = await database.query('select version() as version')
  const table = `reshare_check_${toHex(systemRandom(8))}`
  const checks: DatabaseCheck[] = []
  let hasEnded = true
  try {
    await database.query(`create table ${table} (id text primary key, number int not null)`)
    await database.query(`insert into ${table} (id, number) values ('a', 1), ('b', 1)`)
    for (const check of CHECKS) {
      if (!hasEnded) checks.push(notTried(check, 'an earlier one did not end'))
      else if (isSingle && check.isConcurrent) checks.push(notTried(check, 'there is one connection only'))
      else {
        const wrong = await inTime(tried(check, database, table), timeoutMs)
        hasEnded = wrong !== NOT_ENDED
        checks.push({ name: check.name, result: wrong === undefined ? 'ok' : 'missing', detail: wrong ?? '' })
      }
    }
  } finally {
    await inTime(dropAll(database, table), timeoutMs)
  }
  const isUsable = checks.every(({ result }) => result !== 'missing')
  return { version: String(row?.['version']), isUsable, checks }
}

const NOT_ENDED = 'it did not end'

function notTried({ name }: Check, detail: string): DatabaseCheck {
  return { name, result: 'notTried', detail }
}

async function tried(check: Check, database: Database, table: string): Promise<string | undefined> {
  try {
    return await check.run(database, table)
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown }
    return errorMessage(cause) ?? errorMessage(error) ?? 'it failed'
  }
}

async function inTime(work: Promise<string | undefined>, timeoutMs: number): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(NOT_ENDED), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Also what a check that failed has left. */
async function dropAll(database: Database, table: string): Promise<undefined> {
  for (const name of [`${table}_kept`, `${table}_identity`, table]) await database.query(`drop table if exists ${name}`)
  await database.query(`drop function if exists ${table}_refuse()`)
}
