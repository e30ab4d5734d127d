import { PAGE } from '../../util/pages.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { int, rowDecoder, text } from '../../service/database/rows.ts'
import type { ServerContext } from '../context.ts'
import { serverSchema } from '../schema.ts'
import { hasRows } from './client-rows.ts'
import { raiseFence } from './fence.ts'
import { leave } from './leave.ts'
import { beginMove, databaseName, findMove, lockSlot, type Move } from './moves-table.ts'

const readArrived = rowDecoder({ client_id: text, number: int })

/**
 * After a database was restored from a copy, and before a server uses it: clients that are at another database by a later move
 * leave this one again. `moveClient` then deletes their rows. It may end at any point and be called again; call it for each other
 * database.
 *
 * @param restored the database that was restored
 * @param peer the other database, which is read only
 * @returns the clients that have left
 */
export async function restoreMoves(restored: ServerContext, peer: Database): Promise<readonly string[]> {
  await restored.database.migrate(serverSchema)
  await raiseFence(restored.database)
  await restored.audit.open()
  await peer.migrate(serverSchema)
  const name = await databaseName(peer)
  const left: string[] = []
  for (let last = ''; ;) {
    const page = await arrivedAfter(peer, last)
    for (const move of page) if (await leaveAgain(restored, move, name)) left.push(move.clientId)
    if (page.length < PAGE) return left
    last = page.at(-1)?.clientId ?? last
  }
}

/** The clients that the peer has, each with the move that it came by: one that is about to go on is there by the move before. */
async function arrivedAfter(peer: Queryable, last: string): Promise<readonly Move[]> {
  const rows = await peer.query(
    `select client_id, case state when 'HERE' then number else number - 1 end as number from reshare_client_moves
     where (state = 'HERE' or (state in ('CLOSING', 'LEAVING') and number > 1)) and client_id > $1
     order by client_id limit ${PAGE}`,
    [last],
  )
  return rows.map(readArrived)
}

/** @returns whether the client was here by an earlier move, or before its first one */
async function leaveAgain(restored: ServerContext, move: Move, peer: string): Promise<boolean> {
  const state = await restored.database.transaction(async (tx) => {
    await lockSlot(tx, move.clientId)
    const known = await findMove(tx, move.clientId)
    const isEarlier = (known?.number ?? 0) < move.number && known?.state !== 'GONE'
    // A call that has ended in between, or a copy from before the client had left.
    const isClosing = known?.number === move.number && known.state === 'CLOSING'
    if (!isClosing && !(isEarlier && (await hasRows(tx, move.clientId)))) return undefined
    // A copy in which the client had left by an earlier move: its log says so already.
    const next = known?.state === 'LEAVING' ? 'LEAVING' : 'CLOSING'
    await beginMove(restored, tx, { ...move, state: next, peer })
    return next
  }, 'read committed')
  return state === 'LEAVING' || (state === 'CLOSING' && leave(restored, move, peer))
}
