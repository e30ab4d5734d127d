import { PAGE } from '../util/pages.ts'
import type { ServerContext } from './context.ts'
import type { Database, Row, SqlValue } from '../service/database/types.ts'

/** Rows that something is to be done about. */
export interface RowsToDo {
  /** A `select` up to and with its `where`. */
  readonly select: string
  readonly parameters?: readonly SqlValue[]
  /** The columns, of text, that tell the rows apart: they are gone through in their order. */
  readonly key: readonly string[]
  /** What is done to a row, in words: `to abort operation …`. */
  readonly doing: (row: Row) => string
}

/**
 * Does the same to many rows, each by itself, a page after the other. One that fails is told of and passed over, so that it
 * holds up no other; whoever comes next finds it again.
 *
 * @returns how many have failed
 * @throws whatever the database says if it does not answer any more
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
        // All others would fail, too, each after a while, if it was not the row.
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

/** The error for something that is left for later, with what went wrong as its cause. */
export function notDone(what: string, cause: unknown): Error {
  return new Error(`failed ${what}: it is left for later`, { cause })
}
