import { int, nullable, pick, readColumn, rowDecoder, time } from '../../service/database/rows.ts'
import type { Database, SqlValue } from '../../service/database/types.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'
import { isDate } from '../../util/brand.ts'
import { serverSchema } from '../schema.ts'
import { isAway } from '../client-moved.ts'
import { tables } from '../tables.ts'

/** How far the deliveries are. */
export interface OutboxStatus {
  /** How many events are neither delivered nor given up. */
  readonly pending: number
  /** When the oldest of them happened; null without one. */
  readonly oldestAt: Date | null
  /** How many events were given up, and are still kept. */
  readonly dead: number
  /** When the receiver last said that it wants no more (status 410); null unless it has. */
  readonly goneAt: Date | null
}

/** An event that was given up. */
export interface DeadEvent {
  /** Its id, the `webhook-id` of each attempt. */
  readonly eventId: string
  /** Its type, such as `set.created`. */
  readonly type: string
  /** The client that it is about. */
  readonly clientId: string
  /** When it happened. */
  readonly createdAt: Date
  /** When it was given up. */
  readonly endedAt: Date
  /** How many attempts were made. */
  readonly attempts: number
  /** Why the last one failed: `status 500`, `timeout` or `unreachable`. */
  readonly failure: string
}

/** What is to be delivered again: one event, all that happened in a time, or all that were given up. */
export type Replay =
  | {
      /** The id of the event. */
      readonly eventId: string
    }
  | {
      /** Events that happened at this time or later. */
      readonly from: Date
      /** And before this time. */
      readonly to: Date
    }
  | {
      /** All that were given up. */
      readonly dead: true
    }

/** The events of a server's database, for those who run it. */
export interface EventOutbox {
  /** How far the deliveries are. */
  readonly status: () => Promise<OutboxStatus>
  /** The events that were given up, at most 1,000, those first that were given up first. */
  readonly dead: () => Promise<readonly DeadEvent[]>
  /**
   * Has events delivered again that were delivered or given up, with the ids that they had: a receiver ignores those that it
   * has seen. A client's replayed events come in their order, but after later ones that were delivered before. Those of a client that has
   * left for another database are replayed there.
   *
   * @returns how many
   * @throws {TypeError} if it does not say which
   */
  readonly replay: (which: Replay) => Promise<number>
  /** Delivers to a receiver again that has said it wants no more. */
  readonly resume: () => Promise<void>
}

const LISTED = 1_000

const readStatus = rowDecoder({ pending: int, oldest_at: nullable(time), dead: int, gone_at: nullable(time) })
const readDead = rowDecoder({
  ...pick(tables.reshare_events, 'event_id', 'type', 'client_id', 'created_at', 'attempts'),
  ended_at: time,
  failure: tables.reshare_events.type,
})

/**
 * The outbox of events: what operators ask of it. Servers may run meanwhile.
 *
 * @throws {TypeError} if it is not a database
 */
export function eventOutbox(database: Database): EventOutbox {
  assertMethods(database, ['query', 'transaction', 'migrate'], 'database')
  const query = async (sql: string, parameters: readonly SqlValue[] = []) => {
    await database.migrate(serverSchema)
    return database.transaction((tx) => tx.query(sql, parameters), 'read committed')
  }
  return {
    async status() {
      const [row] = await query(
        `select (select count(*)::int from reshare_events where ended_at is null) as pending,
           (select min(created_at) from reshare_events where ended_at is null) as oldest_at,
           (select count(*)::int from reshare_events where outcome = 'dead' and ended_at is not null) as dead,
           (select max(gone_at) from reshare_event_receivers_gone) as gone_at`,
      )
      return readStatus(row)
    },
    async dead() {
      const rows = await query(
        `select event_id, type, client_id, created_at, attempts, ended_at, coalesce(failure, '') as failure
         from reshare_events where outcome = 'dead' and ended_at is not null
         order by ended_at, client_id, sequence limit ${LISTED}`,
      )
      return rows.map(readDead)
    },
    async replay(which) {
      const [condition, parameters] = conditionOf(assertObject(which, 'replay'))
      const [row] = await query(
        `with replayed as (
           update reshare_events set outcome = null, ended_at = null, failure = null, attempts = 0, queued = false
           where ended_at is not null and ${condition} and not ${isAway('reshare_events.client_id')} returning 1
         )
         select count(*)::int as count from replayed`,
        parameters,
      )
      return readColumn(row, 'count', int)
    },
    async resume() {
      await query('delete from reshare_event_receivers_gone')
    },
  }
}

/** SQL condition: what happened in a time has ended later, by the clock of another process at most an hour before. */
const HAPPENED = `created_at >= $1 and created_at < $2
  and outcome in ('delivered', 'dead') and ended_at >= $1::timestamptz - interval '1 hour'`

function conditionOf(which: Replay): readonly [condition: string, parameters: readonly SqlValue[]] {
  if ('eventId' in which && typeof which.eventId === 'string') return ['event_id = $1', [which.eventId]]
  if ('from' in which && isValidDate(which.from) && isValidDate(which.to)) {
    return [HAPPENED, [which.from, which.to]]
  }
  if ('dead' in which && which.dead) return [`outcome = 'dead'`, []]
  throw new TypeError('replay needs an eventId, two dates from and to before the year 10000, or dead: true')
}

/** Of a year from 0 to 9999: PostgreSQL does not read others as JavaScript writes them. */
function isValidDate(value: unknown): boolean {
  return isDate(value) && !Number.isNaN(value.getTime()) && /^\d{4}-/.test(value.toISOString())
}
