import { checkText, ID } from '../../util/text.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { ServerContext } from '../context.ts'
import { serverSchema } from '../schema.ts'
import { tables } from '../tables.ts'
import { copyClient, expectClient, requireMovable } from './arrive.ts'
import { deleteRows, hasRows, requireKnownTables } from './client-rows.ts'
import { raiseFence } from './fence.ts'
import { comeBack, hasOpenOperations, leave } from './leave.ts'
import {
  beginMove,
  changeMove,
  databaseName,
  findMove,
  lockSlot,
  type Move,
  type MoveRow,
  type MoveState,
} from './moves-table.ts'

/** Two databases and a client. */
export interface ClientMove {
  readonly source: ServerContext
  readonly target: ServerContext
  readonly clientId: string
  /** How long operations that are under way may go on before the client leaves. Default: 10 seconds. */
  readonly drainMs?: number
  /** Whether the source's rows are deleted although the client has not signed at the target. Default: false. */
  readonly unused?: boolean
}

/** How far a move is. */
export interface MoveResult {
  readonly clientId: string
  /** From 1: how often the client has been moved. */
  readonly number: number
  /** The client is at the target in both cases. `arrived`: the source keeps its rows, until it has signed there. */
  readonly state: 'arrived' | 'moved'
}

const DRAIN_MS = 10_000
const DRAIN_PAUSE_MS = 50

/**
 * Moves a client to another database, while it signs. It may end at any point, and be called again with the same databases until it
 * says `moved`; several calls at once are one. The client is in one of the databases at any time, or in neither for as long as
 * the copy takes: then its requests are refused as CLIENT_MOVED.
 *
 * What the source has kept is deleted only while the client is at the target. If it went on from there, name the database that has
 * it now: the source may be a copy of where it went.
 *
 * @throws {Error} if the source does not have the client, the target has one of this id, or a check fails
 */
export async function moveClient(options: ClientMove): Promise<MoveResult> {
  const { source, target, clientId, drainMs = DRAIN_MS, unused = false } = options
  const names = await openBoth(options)
  const known = await findMove(source.database, clientId)
  if (!isUnderWay(known)) await requireMovable(source, target, clientId)
  const wentOn = known?.state === 'LEAVING' && known.peer !== names.target && (await isAt(target, known))
  const move = wentOn ? known : await beginAtSource(source, clientId, names.target)
  if (move.state === 'GONE') return { clientId, number: move.number, state: 'moved' }
  if (!wentOn && (await expectClient(target, move, names.source)) === 'ARRIVING') {
    if (move.state === 'CLOSING') {
      await drain(source, clientId, drainMs)
      await leave(source, move, names.target)
    }
    await requireLeft(source, move)
    await copyClient(source, target, move, names.source)
  } else await requireLeft(source, move)
  const isDone = (unused || (await isUsed(source, target, move))) && (await finish(source, target, move))
  return { clientId, number: move.number, state: isDone ? 'moved' : 'arrived' }
}

/**
 * Gives a move up: the client stays at the source. It may end at any point and be called again.
 *
 * @returns the number of the move
 * @throws {Error} if the client has arrived, or is not about to move to this target
 */
export async function cancelMove(options: Omit<ClientMove, 'drainMs' | 'unused'>): Promise<number> {
  const { source, target, clientId } = options
  const names = await openBoth(options)
  const known = await findMove(source.database, clientId)
  if (known === undefined || !['CLOSING', 'LEAVING'].includes(known.state))
    throw new Error('the client is not about to move')
  requirePeer(known, names.target)
  await cancelAtTarget(target, known, names.source)
  await source.database.transaction(async (tx) => {
    await lockSlot(tx, clientId)
    const hadLeft = (await findMove(tx, clientId))?.state === 'LEAVING'
    if (!(await changeMove(source, tx, known, { from: ['CLOSING', 'LEAVING'], to: 'HERE' })) || !hadLeft) return
    await comeBack(source, tx, known)
  }, 'read committed')
  return known.number
}

/** @returns the names of both databases, which have their tables and can write to their logs */
async function openBoth({ source, target, clientId }: ClientMove): Promise<{ source: string; target: string }> {
  checkText(clientId, ID, 'clientId')
  for (const { database, audit } of [source, target]) {
    await database.migrate(serverSchema)
    await requireKnownTables(database)
    await raiseFence(database)
    await audit.open()
  }
  const names = {
    source: await databaseName(source.database),
    target: await databaseName(target.database),
  }
  if (names.source === names.target)
    throw new Error('source and target are the same database, or one is a copy of the other')
  return names
}

function requirePeer({ peer, state }: MoveRow, target: string): void {
  if (peer !== target) throw new Error(`the client is moving to another database than this target: ${state} to ${peer}`)
}

type UnderWay = Exclude<MoveState, 'HERE' | 'CANCELLED'>

/** Whether a move has begun whose outcome its database does not know, or the client has left by it. */
function isUnderWay(known: MoveRow | undefined): known is MoveRow & { readonly state: UnderWay } {
  return known !== undefined && known.state !== 'HERE' && known.state !== 'CANCELLED'
}

/** Begins a move, or finds the one that is under way. From then on no operation of the client starts at the source. */
async function beginAtSource(source: ServerContext, clientId: string, target: string): Promise<MoveRow> {
  return source.database.transaction(async (tx) => {
    await lockSlot(tx, clientId)
    const known = await findMove(tx, clientId)
    if (isUnderWay(known)) {
      if (known.state === 'ARRIVING') throw new Error('the client is on its way to the source: finish that move first')
      requirePeer(known, target)
      return known
    }
    if (known?.state === 'CANCELLED' || !(await hasRows(tx, clientId))) throw new Error('the source has no such client')
    const move: MoveRow = { clientId, number: (known?.number ?? 0) + 1, state: 'CLOSING', peer: target }
    await beginMove(source, tx, move)
    return move
  }, 'read committed')
}

async function drain({ database }: ServerContext, clientId: string, drainMs: number): Promise<void> {
  const ends = performance.now() + drainMs
  while (performance.now() < ends && (await hasOpenOperations(database, clientId))) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_PAUSE_MS))
  }
}

/** Nothing is copied, and nothing deleted, that may change. */
async function requireLeft({ database }: ServerContext, { clientId, number }: Move): Promise<void> {
  const known = await findMove(database, clientId)
  if (known?.number === number && (known.state === 'LEAVING' || known.state === 'GONE')) return
  if (known?.number === number && known.state === 'CLOSING') {
    throw new Error('the client is at the target, and the source was restored from a copy: run restore-moves there')
  }
  throw new Error('the move was cancelled meanwhile')
}

/**
 * Whether the client has signed at the target: a set was used there, or made, since it was copied. The source's rows do not change any
 * more, so that no clock decides it. A client without a set that signs has nothing to prove.
 */
async function isUsed(source: ServerContext, target: ServerContext, { clientId }: Move): Promise<boolean> {
  const [before, after] = [await readUses(source, clientId), await readUses(target, clientId)]
  const usedBefore = new Map(before.map(({ setId, lastUsedAt }) => [setId, lastUsedAt?.getTime()]))
  if (after.some(({ setId, lastUsedAt }) => lastUsedAt && lastUsedAt.getTime() !== usedBefore.get(setId))) return true
  return !before.some(({ purpose, state }) => purpose === 'signing' && state === 'ACTIVE')
}

const readUse = rowDecoder(pick(tables.reshare_sets, 'set_id', 'purpose', 'state', 'last_used_at'))

async function readUses({ database }: ServerContext, clientId: string): Promise<ReturnType<typeof readUse>[]> {
  const rows = await database.query(
    'select set_id, purpose, state, last_used_at from reshare_sets where client_id = $1',
    [clientId],
  )
  return rows.map(readUse)
}

/** Whether a client is at the target, by this move or a later one. */
async function isAt({ database }: ServerContext, { clientId, number }: Move): Promise<boolean> {
  const known = await findMove(database, clientId)
  return known?.state === 'HERE' && known.number >= number
}

/** Deletes the source's rows, if the client is at the target. */
async function finish(source: ServerContext, target: ServerContext, move: Move): Promise<boolean> {
  if (!(await isAt(target, move))) throw new Error('the client is not at the target')
  return source.database.transaction(async (tx) => {
    const changed = await changeMove(source, tx, move, { from: ['LEAVING'], to: 'GONE' })
    if (changed) await deleteRows(tx, move.clientId)
    return changed || (await findMove(tx, move.clientId))?.state === 'GONE'
  }, 'read committed')
}

/** From then on nothing arrives by this move. */
async function cancelAtTarget(target: ServerContext, move: Move, source: string): Promise<void> {
  await target.database.transaction(async (tx) => {
    await lockSlot(tx, move.clientId)
    const known = await findMove(tx, move.clientId)
    if (known !== undefined && known.number >= move.number) {
      if (known.number > move.number || known.state === 'HERE') throw new Error('the client has arrived: move it back')
      if (
        known.state !== 'CANCELLED' &&
        !(await changeMove(target, tx, move, { from: ['ARRIVING'], to: 'CANCELLED' }))
      ) {
        throw new Error('the client has arrived: move it back')
      }
      return
    }
    // A client of the target's own is let alone: nothing arrives where one is.
    if (!(await hasRows(tx, move.clientId))) await beginMove(target, tx, { ...move, state: 'CANCELLED', peer: source })
  }, 'read committed')
}
