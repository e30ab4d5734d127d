import { inPages, PAGE } from '../../util/pages.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { KEEP_EVENTS_MS } from './receiver.ts'

/** Deletes events that were delivered or given up long ago. What is pending stays. */
export async function forgetEvents(context: Pick<ServerContext, 'database' | 'events' | 'now'>): Promise<void> {
  const before = timestamp(context, -(context.events?.keepMs ?? KEEP_EVENTS_MS))
  const forget = `delete from reshare_events where (client_id, sequence) in
      (select client_id, sequence from reshare_events
       where outcome in ('delivered', 'dead') and ended_at is not null and ended_at <= $1 limit ${PAGE})
      and ended_at <= $1
    returning 1`
  await inPages(() => context.database.transaction((tx) => tx.query(forget, [before]), 'read committed'))
}
