import { readColumn, text } from '../../service/database/rows.ts'
import type { Queryable, Row } from '../../service/database/types.ts'

/** A table with rows of clients, and how those of one client are found. */
export interface ClientTable {
  readonly table: string
  /** The rows of client `$1`. */
  readonly where: string
  /** The order in which they were added, where it counts. */
  readonly orderBy: string
}

const BY_CLIENT = 'client_id = $1'
const BY_SET = 'set_id in (select set_id from reshare_sets where client_id = $1)'

const ofClient = (table: string, orderBy = '1, 2'): ClientTable => ({ table, where: BY_CLIENT, orderBy })
const ofSets = (table: string): ClientTable => ({ table, where: BY_SET, orderBy: '1' })

/**
 * What goes with a client, in an order in which foreign keys hold. The log does, too, entry by entry. Preprocessings and stored
 * responses do not: the former may be used once, and the latter are found by a hash under the master key.
 */
export const COPIED: readonly ClientTable[] = [
  ofClient('reshare_tokens'),
  ofClient('reshare_wallets'),
  ofClient('reshare_devices'),
  ofClient('reshare_sets', 'ordinal'),
  ofSets('reshare_shares'),
  ofSets('reshare_ot_states'),
  ofSets('reshare_retirements'),
  ofClient('reshare_custodian_records'),
  ofClient('reshare_operations'),
  ofClient('reshare_decisions'),
  ofClient('reshare_sealed_responses'),
  ofClient('reshare_rates'),
  ofClient('reshare_reservations'),
  ofClient('reshare_approvals'),
  ofClient('reshare_events'),
]

/** What stays at the source for ever: by its tokens, a client that comes to the wrong server is told that it has moved. */
const KEPT: ReadonlySet<string> = new Set(['reshare_tokens'])

/** What is deleted at the source, in an order in which foreign keys hold. */
const DELETED: readonly ClientTable[] = [
  ofClient('reshare_event_queue'),
  ofSets('reshare_preprocessings'),
  ofClient('reshare_responses'),
  ...COPIED.filter(({ table }) => !KEPT.has(table)).reverse(),
]

/** Tables that name a client besides: the log and the moves, and those of a custodian in the same database. */
const OTHERS = [
  'reshare_audit',
  'reshare_audit_heads',
  'reshare_client_moves',
  'reshare_custodian_shares',
  'reshare_custodian_ciphertexts',
  'reshare_custodian_exports',
  'reshare_custodian_rates',
]

/**
 * Requires that this version knows every table that names clients or sets. What a later version has added would stay behind, and
 * could still be written.
 *
 * @throws {Error} if there is another one
 */
export async function requireKnownTables(db: Queryable): Promise<void> {
  const known = [...DELETED, ...COPIED].map(({ table }) => table)
  const rows = await db.query(
    `select distinct relname::text as name from pg_class join pg_attribute on attrelid = pg_class.oid
     where relkind in ('r', 'p') and pg_table_is_visible(pg_class.oid) and relname ~ '^reshare_'
       and attname in ('client_id', 'set_id') and not attisdropped
       and relname <> all (string_to_array($1, ',')) order by 1`,
    [[...known, ...OTHERS].join()],
  )
  const names = rows.map((row) => readColumn(row, 'name', text))
  if (names.length > 0) throw new Error(`a later version has added ${names.join(', ')}: move clients with that one`)
}

/** The rows of a client in one table, in the order in which they were added where it counts, without what numbers them. */
export async function readRows(
  db: Queryable,
  { table, where, orderBy }: ClientTable,
  clientId: string,
): Promise<Row[]> {
  const rows = await db.query(`select * from ${table} where ${where} order by ${orderBy}`, [clientId])
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => column !== 'ordinal')))
}

/** How many rows one statement adds: PostgreSQL allows 65,535 parameters. */
const CHUNK = 500

/** Adds rows as {@link readRows} has read them: their columns are those of the table in this version of the schema. */
export async function insertRows(tx: Queryable, table: string, rows: readonly Row[]): Promise<void> {
  for (let first = 0; first < rows.length; first += CHUNK) {
    const chunk = rows.slice(first, first + CHUNK)
    const columns = Object.keys(chunk[0] as Row)
    const places = chunk.map((_, i) => `(${columns.map((_, j) => `$${i * columns.length + j + 1}`).join(', ')})`)
    const values = chunk.flatMap((row) => columns.map((column) => row[column] ?? null))
    await tx.query(`insert into ${table} (${columns.join(', ')}) values ${places.join(', ')}`, values)
  }
}

export async function deleteRows(tx: Queryable, clientId: string): Promise<void> {
  for (const { table, where } of DELETED) await tx.query(`delete from ${table} where ${where}`, [clientId])
}

const OF_KEPT = COPIED.filter(({ table }) => KEPT.has(table))

/** Deletes what a database has kept of a client that comes back. */
export async function deleteKept(tx: Queryable, clientId: string): Promise<void> {
  for (const { table, where } of OF_KEPT) await tx.query(`delete from ${table} where ${where}`, [clientId])
}

/** Whether a client has rows here, besides those that are kept. */
export function hasRows(db: Queryable, clientId: string): Promise<boolean> {
  return hasRowsIn(db, clientId, DELETED)
}

/** Whether a client that has never left this database has rows here. */
export function hasAnyRows(db: Queryable, clientId: string): Promise<boolean> {
  return hasRowsIn(db, clientId, [...OF_KEPT, ...DELETED])
}

async function hasRowsIn(db: Queryable, clientId: string, tables: readonly ClientTable[]): Promise<boolean> {
  const found = tables.map(({ table, where }) => `exists (select 1 from ${table} where ${where})`)
  const rows = await db.query(`select 1 where ${found.join(' or ')}`, [clientId])
  return rows.length > 0
}
