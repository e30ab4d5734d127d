import type { ServerContext } from '../context.ts'
import type { Row } from '../database/types.ts'
import type { AuditEvent } from './entry.ts'

/** How many clients one sweep is about. */
const BATCH = 10_000

/**
 * Notes the sets in the log that are older than it, as they are now: a client's at a time, so that a large database goes on
 * meanwhile.
 */
export async function findOlderSets({ database, audit, onError }: ServerContext): Promise<void> {
  const clients = await database.query(`select distinct client_id from reshare_sets where not logged limit ${BATCH}`)
  for (const row of clients) {
    const clientId = row['client_id'] as string
    await database
      .transaction(async (tx) => {
        const older = await tx.query(
          `with older as (update reshare_sets set logged = true where client_id = $1 and not logged returning *)
           select * from older order by ordinal`,
          [clientId],
        )
        await audit.record(tx, clientId, older.map(found))
      })
      .catch(onError)
  }
}

/** Everything about a set that the log would know had it been there. */
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
