import type { Queryable } from '../../service/database/types.ts'
import { within } from '../../util/within.ts'
import { gaugeLines } from './exposition.ts'

/** Rows are counted up to this, so that no scrape grows with the data. */
const COUNTED = 10_000
/** How long a result is good, so that frequent scrapes cost the database nothing. */
const CACHED_MS = 10_000
/** How long a scrape waits for the database. */
const WAIT_MS = 3_000

/** What the database says, by name: the rows that are counted. Each has an index. */
const GAUGES: readonly (readonly [name: string, help: string, rows: string])[] = [
  [
    'reshare_custodian_deletions_pending',
    'Shares of ended backups that the custodian has not deleted yet',
    'reshare_custodian_records where deletion_pending',
  ],
  ['reshare_sets_retiring', 'Sets whose share is still to be destroyed', "reshare_sets where state = 'RETIRING'"],
  [
    'reshare_operations_open',
    'Operations between two rounds, or before their first response',
    'reshare_operations where state is not null or round = 0',
  ],
  [
    'reshare_preprocessings',
    'ECDSA preprocessings that can be used',
    'reshare_preprocessings where expires_at > now()',
  ],
  ['reshare_events_pending', 'Events that are not delivered yet', 'reshare_events where ended_at is null'],
  [
    'reshare_events_dead',
    'Events that were given up, and can be replayed',
    "reshare_events where outcome = 'dead' and ended_at is not null",
  ],
]

const COUNTS = GAUGES.map(
  ([name, , rows]) => `(select count(*)::int from (select 1 from ${rows} limit ${COUNTED}) counted) as ${name}`,
)
/** What else the database says, by name: one number each. */
const VALUES: readonly (readonly [name: string, help: string, value: string])[] = [
  [
    'reshare_epoch',
    'The epoch of the database, which grows with each restore',
    "(select number from reshare_meta where name = 'epoch')",
  ],
  [
    'reshare_events_oldest_seconds',
    'How long ago the oldest event happened that is not delivered yet; 0 without one',
    `coalesce((select greatest(0, extract(epoch from now() - min(created_at)))::float8 from reshare_events
       where ended_at is null), 0)`,
  ],
]
const QUERY = `select ${[...COUNTS, ...VALUES.map(([name, , value]) => `${value} as ${name}`)].join(', ')}`

const SHARED = '(from the database: every process exposes the same, so do not sum)'

/** The lines of the gauges that the database has; `reshare_database_gauges_up` says whether it was read. */
export function createDatabaseGauges(database: Queryable): () => Promise<string> {
  let read: { readonly at: number; readonly lines: Promise<string> } | undefined

  async function lines(): Promise<string> {
    const rows = await within(
      WAIT_MS,
      () => database.query(QUERY),
      () => new Error('the database took too long'),
    )
    const [row] = rows
    const counts = GAUGES.map(([name, help]) =>
      gaugeLines({ name, help: `${help}, at most ${COUNTED} ${SHARED}` }, Number(row?.[name])),
    )
    const values = VALUES.map(([name, help]) => gaugeLines({ name, help: `${help} ${SHARED}` }, Number(row?.[name])))
    return [up(1), ...counts, ...values].join('')
  }

  return () => {
    const now = performance.now()
    if (read === undefined || now - read.at >= CACHED_MS) read = { at: now, lines: lines().catch(() => up(0)) }
    return read.lines
  }
}

function up(value: 0 | 1): string {
  return gaugeLines({ name: 'reshare_database_gauges_up', help: 'Whether the gauges of the database were read' }, value)
}
