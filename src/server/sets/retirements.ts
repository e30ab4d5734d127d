import type { OperationRequest } from '../../api/operations.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import type { SetRow } from './rows.ts'

/** Notes which sets a new signing set replaces. They work on until it has proven itself (invariant I4). */
export async function planRetirements(
  tx: Queryable,
  { request, clientId, setId }: { request: OperationRequest; clientId: string; setId: string },
): Promise<void> {
  if (request.kind === 'recover' && request.existingSets === 'retire') {
    await tx.query(
      `insert into reshare_retirements (set_id, old_set_id)
       select $1, set_id from reshare_sets
       where client_id = $2 and wallet_id = $3 and purpose = 'signing' and state = 'ACTIVE' and set_id <> $1`,
      [setId, clientId, request.walletId],
    )
  } else if (request.kind === 'refresh') {
    // Whoever waits for the old set's retirement waits for the new one's: refreshing does not escape it.
    await tx.query(
      `insert into reshare_retirements (set_id, old_set_id)
       select waiting.set_id, $1 from reshare_retirements waiting join reshare_sets heir on heir.set_id = waiting.set_id
       where waiting.old_set_id = $2 and heir.proven_at is null and heir.state = 'ACTIVE'`,
      [setId, request.setId],
    )
    await tx.query('insert into reshare_retirements (set_id, old_set_id) values ($1, $2)', [setId, request.setId])
  }
}

/**
 * Records that a set works. The first time, the sets that it replaces become RETIRING: they refuse to sign from here on.
 *
 * @returns the sets that it has retired, now or before
 */
export async function recordUse(
  context: ServerContext,
  tx: Queryable,
  set: SetRow,
  signed: boolean,
): Promise<string[]> {
  const now = timestamp(context)
  await tx.query(
    `update reshare_sets set proven_at = coalesce(proven_at, $2), last_used_at = case when $3 then $2 else last_used_at end
     where set_id = $1`,
    [set.setId, now, signed],
  )
  const replaced = await tx.query('select old_set_id from reshare_retirements where set_id = $1 order by old_set_id', [
    set.setId,
  ])
  if (set.provenAt === null) {
    await tx.query(
      `update reshare_sets set state = 'RETIRING' where state = 'ACTIVE' and set_id in
         (select old_set_id from reshare_retirements where set_id = $1)`,
      [set.setId],
    )
  }
  return replaced.map((row) => row['old_set_id'] as string)
}

/** Destroys the server's halves of RETIRING sets: of one set, or of all. Re-entrant. */
export async function destroyRetiring({ database }: ServerContext, setId?: string): Promise<void> {
  const rows = await database.query(
    `select set_id from reshare_sets where state = 'RETIRING'${setId === undefined ? '' : ' and set_id = $1'}`,
    setId === undefined ? [] : [setId],
  )
  for (const row of rows) {
    const retiring = [row['set_id'] as string]
    await database.transaction(async (tx) => {
      await tx.query('delete from reshare_shares where set_id = $1', retiring)
      await tx.query(`update reshare_sets set state = 'DESTROYED' where set_id = $1 and state = 'RETIRING'`, retiring)
    })
  }
}
