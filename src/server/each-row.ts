import { PAGE } from '../util/pages.ts'
import type { ServerContext } from './context.ts'
import type { Database, Row, SqlValue } from '../service/database/types.ts'

/** A selection of rows to process. */
export interface RowsToDo {
  /** A `select` up to and including its `where`. */
  readonly select: string
  readonly parameters?: readonly SqlValue[]
  /** Text columns that identify a row; rows are processed in their order. */
  readonly key: readonly string[]
  /** A description of the work on a row: `to abort operation …`. */
  readonly doing: (row: Row) => string
}

/**
 * Processes many rows one by one, page by page. A row that fails is reported and skipped, so that it does not block the
 * others; the next run finds it again.
 *
 * @returns how many have failed
 * @throws the database's error if it no longer responds
 */
export async function forEachRow(
  context: Pick<ServerContext, 'database' | 'onError'>,
  rows: RowsToDo,
  work: (row: Row) => Promise<unknown>,
): Promise<number> {
  let failed = 0
  let last: readonly SqlValue[] = []
  for (;;) {
    const page = await readPage(context.database, rows, last)
    for (const row of page) {
      try {
        await work(row)
      } catch (cause) {
        failed += 1
        context.onError(notDone(rows.doing(row), cause))
        // If the database is down, all other rows would fail too, each after a timeout.
        await context.database.query('select 1')
      }
    }
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return failed
    last = rows.key.map((column) => end[column] as SqlValue)
  }
}

async function readPage(database: Database, rows: RowsToDo, last: readonly SqlValue[]): Promise<Row[]> {
  const { select, parameters = [], key } = rows
  const columns = key.join(', ')
  const places = last.map((_, i) => `$${parameters.length + 1 + i}`).join(', ')
  const after = last.length === 0 ? '' : ` and (${columns}) > (${places})`
  return database.query(`${select}${after} order by ${columns} limit ${PAGE}`, [...parameters, ...last])
}

/** The error for work that is left for later, with the failure as its cause. */
export function notDone(what: string, cause: unknown): Error {
  return new Error(`failed ${what}: it is left for later`, { cause })
}
