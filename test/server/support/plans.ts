import type { Queryable } from '../../../src/service/database/types.ts'
import type { Recorded } from './recording-database.ts'

/** A node of a plan, as `explain (format json)` has it. */
interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Filter?: string
  readonly Plans?: readonly PlanNode[]
}

/** Tables that do not grow. */
const FIXED = [
  ...['reshare_schema', 'reshare_meta', 'reshare_audit_key', 'reshare_event_receivers_gone'],
  ...['reshare_database', 'reshare_client_slots'],
]

/** Indexes of what waits for a sweep or a delivery, or is under way: few rows, which may be read without a condition. */
const WAITING = [
  'reshare_approvals_open',
  'reshare_approvals_used',
  'reshare_custodian_records_pending',
  'reshare_devices_unfinished',
  'reshare_events_new',
  'reshare_events_oldest',
  'reshare_events_pending',
  'reshare_operations_open',
  'reshare_ot_states_unlogged',
  'reshare_sets_expiring',
  'reshare_sets_retiring',
]

/** The first columns of indexes by their names, as they are written in conditions. */
export type Indexes = ReadonlyMap<string, string>

export async function growingTables(db: Queryable): Promise<readonly string[]> {
  const rows = await db.query(
    `select relname from pg_class where relkind = 'r' and relname like 'reshare_%' and pg_table_is_visible(oid) order by 1`,
  )
  return rows.map((row) => String(row['relname'])).filter((name) => !FIXED.includes(name))
}

export async function readIndexes(db: Queryable): Promise<Indexes> {
  const rows = await db.query(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid, 1, true) as first from pg_index`,
  )
  return new Map(rows.map((row) => [String(row['name']), String(row['first'])]))
}

/** Keeps autovacuum from the tables, which would count their rows. */
export async function stopAutovacuum(db: Queryable): Promise<void> {
  for (const table of await growingTables(db)) await db.query(`alter table ${table} set (autovacuum_enabled = off)`)
}

/**
 * Has PostgreSQL plan, in this transaction, as if each of the tables, and of the indexes but {@link WAITING}, had a million rows: it multiplies the pages that there
 * are by the rows a page of its statistics. Ids are as different as if each client had a few rows; of other columns nothing is
 * known.
 *
 * @returns the tables without a page, which it takes for empty all the same
 */
export async function pretendMillions(tx: Queryable, tables: readonly string[]): Promise<readonly string[]> {
  const rows = await tx.query(
    `with known as (
       select oid, relkind, relname, pg_relation_size(oid) / current_setting('block_size')::int as pages from pg_class
       where relname = any(string_to_array($1, ',')) and pg_table_is_visible(oid)
         or oid in (select indexrelid from pg_index where indrelid::regclass::text = any(string_to_array($1, ',')))
         and relname <> all(string_to_array($2, ','))
     ), changed as (
       update pg_class set relpages = known.pages, reltuples = 1e6 from known where pg_class.oid = known.oid
     )
     select relname from known where relkind = 'r' and pages = 0`,
    [tables.join(), WAITING.join()],
  )
  // What autovacuum has found in the few rows that there are.
  await tx.query(
    `delete from pg_statistic where starelid in
       (select oid from pg_class where relname = any(string_to_array($1, ',')) and pg_table_is_visible(oid))`,
    [tables.join()],
  )
  await tx.query(
    `with ids as (
       select attrelid, attnum from pg_attribute join pg_class on pg_class.oid = attrelid
       where relname = any(string_to_array($1, ',')) and pg_table_is_visible(attrelid) and not attisdropped
         and attname ~ '(_id|device|subject|_hash)$'
     )
     insert into pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct,
       stakind1, stakind2, stakind3, stakind4, stakind5, staop1, staop2, staop3, staop4, staop5,
       stacoll1, stacoll2, stacoll3, stacoll4, stacoll5)
     select attrelid, attnum, false, 0, 32, -0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 from ids`,
    [tables.join()],
  )
  return rows.map((row) => String(row['relname']))
}

/** Whether a statement reads or changes rows of tables, other than all of their definitions. */
export function isExplained(sql: string): boolean {
  return /^\s*(select|insert|update|delete|with)\b/.test(sql) && /reshare_(?!schema)/.test(sql)
}

/** Ways to read that are left to the planner: without sequential scans, and with conditions on indexes alone, which bitmaps need. */
const WAYS = [['seqscan'], ['seqscan', 'indexscan', 'indexonlyscan']] as const

/**
 * What a statement reads whole, however PostgreSQL goes about it: tables, and indexes without a condition on their first
 * column. Nothing if there is a way without.
 *
 * @param tx a transaction; nothing is run but `explain`
 */
export async function readsWhole(
  tx: Queryable,
  { sql, parameters }: Recorded,
  growing: readonly string[],
  indexes: Indexes,
): Promise<readonly string[]> {
  let found: readonly string[] = []
  for (const way of WAYS) {
    for (const scan of way) await tx.query(`set local enable_${scan} = off`)
    const [row] = await tx.query(`explain (format json) ${sql}`, parameters)
    for (const scan of way) await tx.query(`set local enable_${scan} = on`)
    const plan = row?.['QUERY PLAN'] as unknown
    const [{ Plan: root }] = (typeof plan === 'string' ? JSON.parse(plan) : plan) as [{ Plan: PlanNode }]
    found = wholeIn(root, undefined, growing, indexes)
    if (found.length === 0) break
  }
  return found
}

function wholeIn(
  node: PlanNode,
  parent: PlanNode | undefined,
  growing: readonly string[],
  indexes: Indexes,
): readonly string[] {
  const below = (node.Plans ?? []).flatMap((child) => wholeIn(child, node, growing, indexes))
  const { 'Node Type': type, 'Relation Name': table = '', 'Index Name': index } = node
  if (type === 'Seq Scan') return growing.includes(table) ? [table, ...below] : below
  if (index === undefined || !growing.some((name) => index.startsWith(name)) || WAITING.includes(index)) return below
  // The first rows in the order of the index.
  if (parent?.['Node Type'] === 'Limit' && node.Filter === undefined) return below
  return isBounded(node['Index Cond'] ?? '', indexes.get(index) ?? '')
    ? below
    : [`${index} (${node['Index Cond']})`, ...below]
}

/** A condition has the index's own columns bare, and those of other tables with the table's name. */
function isBounded(condition: string, column: string): boolean {
  return condition.split(/[^\w.]+/).includes(column)
}
