import { PAGE } from '../../util/pages.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { int, rowDecoder, text } from '../../service/database/rows.ts'
import type { ServerContext } from '../context.ts'
import { serverSchema } from '../schema.ts'
import { hasRows } from './client-rows.ts'
import { raiseFence } from './fence.ts'
import { comeBack, leave } from './leave.ts'
import { beginMove, databaseName, findMove, lockSlot, type Move, type MoveRow } from './moves-table.ts'

/** What a restored database has learned, by client. */
export interface RestoredMoves {
  /** They are at another database by a later move: nothing is written for them here any more. */
  readonly left: string[]
  /** They had left in the copy, and have come back since: the rows of the copy are theirs again. */
  readonly returned: string[]
  /** They have come here since the copy was made, and the peer has deleted its rows: lost, unless they went on to a third database. */
  readonly missing: string[]
}

/** Where a client is by what a database knows: at this database, by a move. */
interface Arrival extends Move {
  /** The name of a database. */
  readonly at: string
}

const readArrival = rowDecoder({ client_id: text, number: int, at: text })

/**
 * After a database was restored from a copy, and before a server uses it: has it know where clients are by the latest move that
 * another database knows of. It may end at any point and be called again; call it for each other database, in any order.
 *
 * @param restored the database that was restored
 * @param peer the other database, which is read only
 */
export async function restoreMoves(restored: ServerContext, peer: Database): Promise<RestoredMoves> {
  await restored.database.migrate(serverSchema)
  await raiseFence(restored.database)
  await restored.audit.open()
  await peer.migrate(serverSchema)
  const names = { restored: await databaseName(restored.database), peer: await databaseName(peer) }
  const found: RestoredMoves = { left: [], returned: [], missing: [] }
  for (let last = ''; ;) {
    const page = await arrivalsAfter(peer, names.peer, last)
    for (const arrival of page) {
      const outcome =
        arrival.at === names.restored
          ? await isHere(restored, arrival, names.peer)
          : await isElsewhere(restored, arrival)
      if (outcome !== undefined) found[outcome].push(arrival.clientId)
    }
    if (page.length < PAGE) return found
    last = page.at(-1)?.clientId ?? last
  }
}

/**
 * The last arrival of each client that the peer knows of: here, before a move that is not finished, or at the database that it has
 * gone to. The highest number of all databases is right.
 */
async function arrivalsAfter(peer: Queryable, name: string, last: string): Promise<readonly Arrival[]> {
  const rows = await peer.query(
    `select client_id, case when state in ('CLOSING', 'LEAVING') then number - 1 else number end as number,
       case state when 'GONE' then peer else $1 end as at
     from reshare_client_moves
     where (state in ('HERE', 'GONE') or (state in ('CLOSING', 'LEAVING') and number > 1)) and client_id > $2
     order by client_id limit ${PAGE}`,
    [name, last],
  )
  return rows.map(readArrival)
}

/** Has a client leave that is elsewhere by a later move. What the copy has of it is kept until `moveClient` deletes it. */
async function isElsewhere(restored: ServerContext, arrival: Arrival): Promise<'left' | undefined> {
  const { clientId, number, at } = arrival
  const state = await restored.database.transaction(async (tx) => {
    await lockSlot(tx, clientId)
    const known = await findMove(tx, clientId)
    // A call that has ended in between, or a copy from before the client had left.
    const isClosing = known?.number === number && known.state === 'CLOSING'
    if (!isClosing && (known?.number ?? 0) >= number) return undefined
    const next = !(await hasRows(tx, clientId)) ? 'GONE' : hasLeft(known) ? 'LEAVING' : 'CLOSING'
    await beginMove(restored, tx, { clientId, number, state: next, peer: at })
    return next
  }, 'read committed')
  const left = state === 'LEAVING' || (state === 'CLOSING' && (await leave(restored, arrival, at)))
  return left ? 'left' : undefined
}

/** A copy in which the client had left by an earlier move: its log says so already. */
const hasLeft = (known: MoveRow | undefined) => known?.state === 'LEAVING'

/** Has a client be here that has come by a later move than the copy knows of, if the copy has anything of it. */
async function isHere(
  restored: ServerContext,
  { clientId, number }: Arrival,
  peer: string,
): Promise<'returned' | 'missing' | undefined> {
  return restored.database.transaction(async (tx) => {
    await lockSlot(tx, clientId)
    const known = await findMove(tx, clientId)
    const isArriving = known?.number === number && known.state === 'ARRIVING'
    if (!isArriving && (known?.number ?? 0) >= number) return undefined
    if (!(await hasRows(tx, clientId))) return 'missing'
    const move: MoveRow = { clientId, number, state: 'HERE', peer }
    await beginMove(restored, tx, move)
    if (!hasLeft(known)) return undefined
    await comeBack(restored, tx, move)
    return 'returned'
  }, 'read committed')
}
