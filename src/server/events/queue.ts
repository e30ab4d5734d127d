import { equalBytes } from '../../util/bytes.ts'
import { pick, readColumn, rowDecoder, text } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { PAGE } from '../../util/pages.ts'
import { tables } from '../tables.ts'

/** A client whose events are being delivered, by whoever has the token. */
export interface Lease {
  readonly clientId: string
  /** 16 random bytes. */
  readonly token: Uint8Array
}

const readEvent = rowDecoder(
  pick(tables.reshare_events, 'client_id', 'sequence', 'event_id', 'type', 'body', 'attempts'),
)

/** An event that is to be delivered. */
export type PendingEvent = ReturnType<typeof readEvent>

/** How an attempt to deliver an event has ended, as it is stored. */
export interface AttemptResult {
  /** Null for another attempt later. */
  readonly outcome: 'delivered' | 'dead' | null
  /** Why it failed; null if it has not. */
  readonly failure: string | null
  readonly at: Date
}

/**
 * Puts the clients of new events into the queue. Any number of processes may do so at once.
 *
 * Events are marked before their client's row is locked, and {@link recordAttempt} does it in the same order: a client
 * leaves the queue only while its row is locked, and after a look at its events.
 */
export async function queueNewEvents(database: Database, now: Date): Promise<void> {
  const queue = `with fresh as (
      update reshare_events set queued = true where (client_id, sequence) in
        (select client_id, sequence from reshare_events where not queued
         order by client_id, sequence limit ${PAGE} for update skip locked)
      returning client_id
    ), added as (
      insert into reshare_event_queue (client_id, due_at)
      select distinct client_id, $1::timestamptz from fresh order by client_id
      on conflict (client_id) do update set due_at = reshare_event_queue.due_at
    )
    select client_id from fresh`
  for (;;) {
    const rows = await database.transaction((tx) => tx.query(queue, [now]), 'read committed')
    if (rows.length < PAGE) return
  }
}

/**
 * Leases the client that has been due for longest.
 *
 * @param until when another process may take it over
 * @param latest no client can be due later than this: one that is was put off by a clock that was wrong
 * @returns undefined if none is due
 */
export async function leaseClient(
  database: Database,
  token: Uint8Array,
  { now, until, latest }: { readonly now: Date; readonly until: Date; readonly latest: Date },
): Promise<Lease | undefined> {
  const lease = `update reshare_event_queue set due_at = $2, lease_token = $3 where client_id =
      (select client_id from reshare_event_queue where due_at <= $1 or due_at > $4
       order by due_at limit 1 for update skip locked)
    returning client_id`
  const leased = await database.transaction((tx) => tx.query(lease, [now, until, token, latest]), 'read committed')
  return leased.map((row) => ({ clientId: readColumn(row, 'client_id', text), token }))[0]
}

/** The event of a client that is to be delivered next: the first that has not ended, whether or not it was queued. */
export async function nextEvent(db: Queryable, clientId: string): Promise<PendingEvent | undefined> {
  const rows = await db.query(
    `select client_id, sequence, event_id, type, body, attempts from reshare_events
     where client_id = $1 and ended_at is null order by sequence limit 1`,
    [clientId],
  )
  return rows.map(readEvent)[0]
}

/** Records an attempt. That an event was delivered counts whoever has the lease now. */
export async function recordAttempt(
  tx: Queryable,
  { clientId, sequence }: PendingEvent,
  { outcome, failure, at }: AttemptResult,
): Promise<void> {
  await tx.query(
    `update reshare_events set attempts = attempts + 1, failure = $3, outcome = $4, ended_at = $5
     where client_id = $1 and sequence = $2 and ended_at is null`,
    [clientId, sequence, failure, outcome, outcome === null ? null : at],
  )
}

/**
 * Extends the lease, or ends it by making the client due at another time. A client without pending events leaves the queue.
 *
 * @param dueAt when another process may take it over
 * @returns whether the lease goes on: it is this one, and there are events
 */
export async function keepLease(tx: Queryable, { clientId, token }: Lease, dueAt: Date): Promise<boolean> {
  const [row] = await tx.query('select lease_token from reshare_event_queue where client_id = $1 for update', [
    clientId,
  ])
  const holder = row && readColumn(row, 'lease_token', tables.reshare_event_queue.lease_token)
  if (!holder || !equalBytes(holder, token)) return false
  // A statement of its own, which sees what was committed before the lock was there.
  const ended = await tx.query(
    `delete from reshare_event_queue where client_id = $1 and not exists
       (select 1 from reshare_events where client_id = $1 and ended_at is null) returning 1`,
    [clientId],
  )
  if (ended.length > 0) return false
  await tx.query('update reshare_event_queue set due_at = $2 where client_id = $1', [clientId, dueAt])
  return true
}
