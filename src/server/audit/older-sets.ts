import type { ServerContext } from '../context.ts'
import { pick, readColumn, rowDecoder, text, type Decoded } from '../../service/database/rows.ts'
import type { Row } from '../../service/database/types.ts'
import { inPages, PAGE } from '../../util/pages.ts'
import { forEachRow } from '../each-row.ts'
import { tables } from '../tables.ts'
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
  await forEachRow(context, clients, (row) => inPages(() => recordSome(context, readColumn(row, 'client_id', text))))
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
    await audit.record(
      tx,
      clientId,
      older.map((row) => found(readOlder(row))),
    )
    return older
  })
}

const columns = pick(tables.reshare_sets, 'set_id', 'wallet_id', 'state', 'committed_at', 'proven_at', 'exported_at')
const readOlder = rowDecoder(columns)

/** Everything that the log would know about a set if it had existed before it. */
function found(set: Decoded<typeof columns>): AuditEvent {
  const past = [
    ['committed', set.committedAt],
    ['proven', set.provenAt],
    ['exported', set.exportedAt],
  ] as const
  const known = past.filter(([, at]) => at !== null).map(([what]) => what)
  const detail = [set.state, ...known].join(' ')
  return { event: 'found', walletId: set.walletId, setId: set.setId, detail }
}
