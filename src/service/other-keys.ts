import type { Queryable, Row, SqlValue } from './database/types.ts'
import { int, readColumn } from './database/rows.ts'

/** A table with values that a master key has sealed. */
export interface SealedTable {
  readonly table: string
  /** The columns of its primary key, in their order. */
  readonly key: readonly string[]
  /** The columns that are sealed; they may be null. */
  readonly sealed: readonly string[]
}

/** How many rows a statement looks at, so that none takes long: which key has sealed a row, no index can know. */
const LOOKED_AT = 1000
/** How many rows with their sealed values are read at a time. */
const BATCH = 100

/** The rows after `after` (from the first one on without it) up to `last`, and how many of their values other keys have sealed. */
interface KeyRange {
  readonly after: readonly SqlValue[] | undefined
  readonly last: readonly SqlValue[]
  readonly others: number
}

/**
 * Counts the values that other master keys than this one have sealed. It reads the whole table, page by page: rows that are added
 * or change meanwhile may be counted or not.
 */
export async function countOtherKeys(db: Queryable, table: SealedTable, keyId: number): Promise<number> {
  let count = 0
  for await (const { others } of keyRanges(db, table, keyId)) count += others
  return count
}

/**
 * The rows with values that other master keys than this one have sealed, in the order of the table's key. No statement reads more
 * than a page of the table, however few rows there are. A row that is sealed again meanwhile is passed over.
 *
 * @param columns what is selected of `reshare_…`, the table's own name. Default: all columns
 */
export async function* rowsOfOtherKeys(
  db: Queryable,
  table: SealedTable,
  keyId: number,
  columns = '*',
): AsyncGenerator<Row> {
  const key = table.key.join(', ')
  const isOther = table.sealed.map((column) => `coalesce(${otherKey(column)}, false)`).join(' or ')
  for await (const { after, last, others } of keyRanges(db, table, keyId)) {
    for (let from = after, left = others > 0; left;) {
      const rows = await db.query(
        `select ${columns} from ${table.table}
         where (${key}) <= (${places(table, 2)})${from === undefined ? '' : ` and (${key}) > (${places(table, 2 + last.length)})`}
           and (${isOther}) order by ${key} limit ${BATCH}`,
        [keyId, ...last, ...(from ?? [])],
      )
      yield* rows
      const end = rows.at(-1)
      left = end !== undefined && rows.length === BATCH
      from = end && table.key.map((column) => end[column] as SqlValue)
    }
  }
}

/** All rows of a table, a page after the other. */
async function* keyRanges(db: Queryable, table: SealedTable, keyId: number): AsyncGenerator<KeyRange> {
  const key = table.key.join(', ')
  const others = table.sealed.map((column) => `coalesce(${otherKey(column)}::int, 0)`).join(' + ')
  for (let after: readonly SqlValue[] | undefined; ;) {
    const where = after === undefined ? '' : `where (${key}) > (${places(table, 2)})`
    const [row] = await db.query(
      `with page as (select ${key}, ${others} as others from ${table.table} ${where} order by ${key} limit ${LOOKED_AT})
       select ${key}, (select sum(others) from page)::int as others from page
       order by ${table.key.map((column) => `${column} desc`).join(', ')} limit 1`,
      [keyId, ...(after ?? [])],
    )
    if (row === undefined) return
    const last = table.key.map((column) => row[column] as SqlValue)
    yield { after, last, others: readColumn(row, 'others', int) }
    after = last
  }
}

/** SQL condition: another key than `$1` has sealed a column. Of a long value, which is stored elsewhere, only its start is read. */
function otherKey(column: string): string {
  return `(get_byte(substring(${column} from 1 for 1), 0) <> $1)`
}

function places({ key }: SealedTable, first: number): string {
  return key.map((_, i) => `$${first + i}`).join(', ')
}
