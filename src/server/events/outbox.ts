import type { SqlValue } from '../../service/database/types.ts'
import type { AuditEntry } from '../audit/entry.ts'
import { eventId, eventOf } from './event.ts'

/** The columns of `reshare_events` that are written with the event, after the client's id, and their types. */
const COLUMNS = {
  sequence: 'int',
  event_id: 'text',
  type: 'text',
  created_at: 'timestamptz',
  body: 'text',
} as const

/**
 * The `insert` that adds the events of entries to the outbox. It is part of the statement that appends the entries to the
 * audit log, so that an event is in the outbox if and only if it has happened.
 *
 * @param entries of one client, each with its hash
 * @param first the number of the first parameter that is free; `$1` is the client
 * @param from a `from` clause without which nothing is added, such as ` from moved`
 * @returns undefined if there are no events
 */
export function outboxInsertion(
  entries: readonly { readonly entry: AuditEntry; readonly hash: Uint8Array }[],
  first: number,
  from: string,
): { readonly sql: string; readonly parameters: readonly SqlValue[] } | undefined {
  const rows = entries.flatMap(({ entry, hash }): SqlValue[][] => {
    const event = eventOf(entry)
    if (event === undefined) return []
    return [[entry.sequence, eventId(hash), event.type, entry.at, JSON.stringify(event)]]
  })
  if (rows.length === 0) return undefined
  const names = Object.keys(COLUMNS).join(', ')
  const types = Object.values(COLUMNS)
  const places = rows.map(
    (_, i) => `(${types.map((type, j) => `$${first + types.length * i + j}::${type}`).join(', ')})`,
  )
  return {
    sql: `insert into reshare_events (client_id, ${names}) select $1, event.*${from === '' ? ' from' : `${from} cross join`}
      (values ${places.join(', ')}) event`,
    parameters: rows.flat(),
  }
}
