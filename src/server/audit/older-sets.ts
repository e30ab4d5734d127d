import type { ServerContext } from '../context.ts'
import type { Row } from '../../service/database/types.ts'
import { inPages, PAGE } from '../../util/pages.ts'
import { forEachRow } from '../each-row.ts'
import type { AuditEvent } from './entry.ts'

/**
 * Records the current state of sets older than the log. It handles some of one client's sets at a time, so that a large
 * database stays usable.
 */
export async function findOlderSets(context: ServerContext): Promise<void> {
  const clients = {
    select: 'select distinct client_id from reshare_sets where not logged',
    key: ['client_id'],
    doing: (row: Row) => `to note the older sets of client ${JSON.stringify(row['client_id'])} in the log`,
  }
  await forEachRow(context, clients, (row) => inPages(() => recordSome(context, row['client_id'] as string)))
}

async function recordSome({ database, audit }: ServerContext, clientId: string): Promise<Row[]> {
  return database.transaction(async (tx) => {
    const older = await tx.query(
      `with older as (update reshare_sets set logged = true where set_id in
           (select set_id from reshare_sets where client_id = $1 and not logged order by ordinal limit ${PAGE})
         returning *)
       select * from older order by ordinal`,
      [clientId],
    )
    await audit.record(tx, clientId, older.map(found))
    return older
  })
}

/** Everything that the log would know about a set if it had existed before it. */
function found(row: Row): AuditEvent {
  const past = [
    ['committed', row['committed_at']],
    ['proven', row['proven_at']],
    ['exported', row['exported_at']],
  ] as const
  const known = past.filter(([, at]) => at !== null).map(([what]) => what)
  const detail = [row['state'] as string, ...known].join(' ')
  return { event: 'found', walletId: row['wallet_id'] as string, setId: row['set_id'] as string, detail }
}
