import type { Database, Queryable, Row } from '../../service/database/types.ts'
import { equalBytes } from '../../util/bytes.ts'
import { bytes, int, readColumn, text } from '../../service/database/rows.ts'
import type { AuditEvent } from '../audit/entry.ts'
import { readAuditKey } from '../audit/key.ts'
import type { StoredEntry } from '../audit/pages.ts'
import { verifyChain } from '../audit/verify.ts'
import type { ServerContext } from '../context.ts'
import { readEpoch } from '../epoch.ts'
import { banEvent } from '../sets/ot-states.ts'
import { encodeWalletShares } from '../../key-share/index.ts'
import { getGroup } from '../../curve/index.ts'
import { openShare } from '../sets/shares.ts'
import { wipe } from '../../util/bytes.ts'
import { COPIED, deleteKept, hasAnyRows, hasRows, insertRows, readRows, type ClientTable } from './client-rows.ts'
import { copyLog, readLog, requireSameStart } from './copy-log.ts'
import { beginMove, changeMove, findMove, lockSlot, type Move, type MoveRow } from './moves-table.ts'
import { translateRow, type Translation } from './reseal.ts'

/**
 * Checks, before anything changes, what would stop a move on its way.
 *
 * @throws {Error} if the target has rows of a client of this id, or knows of a later move of it than the source, or if the client's
 *   log is broken, or another one at the target
 */
export async function requireMovable(source: ServerContext, target: ServerContext, clientId: string): Promise<void> {
  const known = await findMove(target.database, clientId)
  await requireNoOther(target.database, clientId, known)
  const last = await findMove(source.database, clientId)
  if (known !== undefined && known.number > (last?.number ?? 0)) throw olderCopy(known)
  const key = await auditKey(source)
  const log = await inSnapshot(source.database, async (tx) => {
    await requireIntact(tx, clientId, key, 'source')
    return readLog(tx, clientId)
  })
  await auditKey(target)
  requireSameStart(await readLog(target.database, clientId), log)
}

/** What a client leaves behind is its own only if it was there. @throws {Error} if the target has rows of a client of this id */
async function requireNoOther(target: Queryable, clientId: string, known: MoveRow | undefined): Promise<void> {
  const found = known === undefined ? hasAnyRows(target, clientId) : hasRows(target, clientId)
  if (await found) throw new Error(TARGET_HAS_IT)
}

const TARGET_HAS_IT = 'the target has a client of this id: another one, or one whose earlier move is not finished'

/**
 * Reserves the target for a client, before it leaves the source: from then on, nobody writes for the client there either, until it
 * has arrived.
 *
 * @returns the state of the move at the target
 * @throws {Error} if the target has the client, has cancelled this move, or the client went on from there
 */
export async function expectClient(target: ServerContext, move: Move, source: string): Promise<'ARRIVING' | 'HERE'> {
  return target.database.transaction(async (tx) => {
    await lockSlot(tx, move.clientId)
    const known = await findMove(tx, move.clientId)
    if (known?.number === move.number) return stateOf(known)
    if (known !== undefined && known.number > move.number) {
      // It was here by this move, and has come back.
      if (known.state === 'HERE') return 'HERE'
      // The source's rows may be all there is of it.
      if (known.state === 'GONE' && known.peer === source) throw olderCopy(known)
      throw new Error(`the client went on from the target: ${known.state}, by move ${known.number}, ${known.peer}`)
    }
    // One that it expects by an earlier move comes no more: the source has it by a later one.
    if (known !== undefined && !['GONE', 'CANCELLED', 'ARRIVING'].includes(known.state)) {
      throw new Error(`the target knows of move ${known.number} of this client: ${known.state}`)
    }
    await requireNoOther(tx, move.clientId, known)
    await beginMove(target, tx, { ...move, state: 'ARRIVING', peer: source })
    return 'ARRIVING'
  }, 'read committed')
}

const olderCopy = ({ number }: MoveRow) =>
  new Error(
    `the source does not know of move ${number} of this client: it was restored from an older copy, run restore-moves there`,
  )

function stateOf({ state, number }: MoveRow): 'ARRIVING' | 'HERE' {
  if (state === 'CANCELLED') throw new Error(`move ${number} of this client was cancelled: finish that with --cancel`)
  if (state === 'ARRIVING' || state === 'HERE') return state
  throw new Error(`the client went on from the target: ${state}`)
}

/** What the source has of a client that has left it. */
interface Departed {
  readonly epoch: number
  readonly log: readonly StoredEntry[]
  readonly rows: readonly (readonly [ClientTable, readonly Row[]])[]
}

/** Reads all that goes with a client, in one snapshot, and verifies its log. @throws {Error} if the log is broken */
async function readDeparted(source: ServerContext, { clientId }: Move): Promise<Departed> {
  const key = await auditKey(source)
  return inSnapshot(source.database, async (tx) => {
    await requireIntact(tx, clientId, key, 'source')
    const rows: [ClientTable, Row[]][] = []
    for (const copied of COPIED) rows.push([copied, await readRows(tx, copied, clientId)])
    return { epoch: await readEpoch(tx), log: await readLog(tx, clientId), rows }
  })
}

/**
 * Copies a client that has left the source, in one transaction at the target: with its commit, the client is there. It commits only
 * if the target's rows are as many as the source's, each share opens and belongs to its set, and the log and the sets agree.
 *
 * @returns false if somebody else has done it
 * @throws {Error} if a check fails; nothing has changed
 */
export async function copyClient(
  source: ServerContext,
  target: ServerContext,
  move: Move,
  name: string,
): Promise<boolean> {
  const { clientId } = move
  const departed = await readDeparted(source, move)
  const key = await auditKey(target)
  return target.database.transaction(async (tx) => {
    // First, so that the triggers let this transaction write; of several movers, one goes on.
    if (!(await changeMove(target, tx, move, { from: ['ARRIVING'], to: 'HERE' }))) return false
    await deleteKept(tx, clientId)
    const translation: Translation = {
      clientId,
      source: { sealer: source.sealer, epoch: departed.epoch },
      target: { sealer: target.sealer, epoch: await readEpoch(tx) },
    }
    const bans: AuditEvent[] = []
    for (const [copied, rows] of departed.rows) {
      const translated = rows
        .map((row) => translateRow(translation, copied.table, row))
        .filter((row) => row !== undefined)
      await insertRows(tx, copied.table, translated)
      await requireCount(tx, copied, clientId, translated.length)
      if (copied.table === 'reshare_shares') await requireSameShares(tx, clientId, rows, { source, target })
      if (copied.table === 'reshare_ot_states') bans.push(...(await bansOf(tx, translated)))
    }
    await copyLog(tx, key, clientId, departed.log)
    await target.audit.record(tx, clientId, [{ event: 'arrived', detail: `${move.number} ${name}` }, ...bans])
    await requireIntact(tx, clientId, key, 'target')
    return true
  }, 'read committed')
}

async function bansOf(tx: Queryable, otStates: readonly Row[]): Promise<AuditEvent[]> {
  const bans: AuditEvent[] = []
  for (const row of otStates) {
    const setId = readColumn(row, 'set_id', text)
    const [set] = await tx.query('select wallet_id from reshare_sets where set_id = $1', [setId])
    bans.push(
      banEvent({ epoch: readColumn(row, 'epoch', int) }, { setId, walletId: readColumn(set, 'wallet_id', text) }),
    )
  }
  return bans
}

async function requireCount(
  tx: Queryable,
  { table, where }: ClientTable,
  clientId: string,
  count: number,
): Promise<void> {
  const [row] = await tx.query(`select count(*)::int as number from ${table} where ${where}`, [clientId])
  const found = readColumn(row, 'number', int)
  if (found !== count)
    throw new Error(`${table} has ${found} rows of the client at the target, and ${count} at the source`)
}

/** Opens each share as the target has stored it: it is a valid share (s·G = Y), of its set, and the source's. */
async function requireSameShares(
  tx: Queryable,
  clientId: string,
  rows: readonly Row[],
  { source, target }: { readonly source: ServerContext; readonly target: ServerContext },
): Promise<void> {
  for (const row of rows) {
    const setId = readColumn(row, 'set_id', text)
    const [stored] = await tx.query('select sealed from reshare_shares where set_id = $1', [setId])
    const encoded = [
      encodedShare(source, clientId, setId, readColumn(row, 'sealed', bytes)),
      encodedShare(target, clientId, setId, readColumn(stored, 'sealed', bytes)),
    ] as const
    const isSame = equalBytes(...encoded)
    wipe(...encoded)
    if (!isSame) throw new Error(`the share of set ${setId} is another one at the target`)
  }
}

function encodedShare(context: ServerContext, clientId: string, setId: string, sealed: Uint8Array): Uint8Array {
  return encodeWalletShares(getGroup, openShare(context, clientId, setId, sealed))
}

/** The key of a database's log, which the caller has opened. */
async function auditKey({ database, sealer }: ServerContext): Promise<Uint8Array> {
  const key = await readAuditKey(database, sealer)
  if (key === undefined) throw new Error('the database has no audit log yet: start its server once')
  return key
}

async function requireIntact(tx: Queryable, clientId: string, key: Uint8Array, where: string): Promise<void> {
  const broken = await verifyChain(tx, clientId, key)
  if (broken === undefined) return
  const { reason, sequence, message } = broken
  throw new Error(`the client's log is broken at the ${where}: ${reason} ${sequence} ${message}`)
}

/** Runs reads in one snapshot. */
function inSnapshot<T>(database: Database, read: (tx: Queryable) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    return read(tx)
  })
}
