import { timestamp, type ServerContext } from '../context.ts'
import type { Row } from '../../service/database/types.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import { tables } from '../tables.ts'
import { forEachRow } from '../each-row.ts'
import { destroyRetiring } from './retirements.ts'
import { setIdsOf } from './sets-table.ts'

const readExpired = rowDecoder(pick(tables.reshare_sets, 'set_id', 'client_id'))

/**
 * Retires the sets whose time is over, of one client or of all. They stay retired, whatever the clock says later. Their shares
 * are destroyed by {@link destroyRetiring}. Re-entrant. A set that fails does not stop the others, and is left for the next
 * sweep.
 */
export async function retireExpired(context: ServerContext, clientId: string | null = null): Promise<void> {
  const expired = {
    select: `select set_id, client_id from reshare_sets
      where state = 'ACTIVE' and expires_at is not null and expires_at <= $1 and ($2::text is null or client_id = $2)`,
    parameters: [timestamp(context), clientId],
    key: ['set_id'],
    doing: (row: Row) => `to retire set ${String(row['set_id'])}, whose time is over`,
  }
  await forEachRow(context, expired, (row) => retire(context, readExpired(row)))
}

/** {@link retireExpired} of one client, and destroys their shares. */
export async function endExpiredOf(context: ServerContext, clientId: string): Promise<void> {
  await retireExpired(context, clientId)
  await destroyRetiring(context, clientId)
}

async function retire(context: ServerContext, { clientId, setId }: ReturnType<typeof readExpired>): Promise<void> {
  await context.database.transaction(async (tx) => {
    const ended = await tx.query(
      `update reshare_sets set state = 'RETIRING' where set_id = $1 and state = 'ACTIVE' and expires_at <= $2
       returning set_id, wallet_id`,
      [setId, timestamp(context)],
    )
    await context.audit.record(
      tx,
      clientId,
      ended.map((row) => ({ ...setIdsOf(row), event: 'expired' })),
    )
  })
}
