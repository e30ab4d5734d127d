import { MpcError, ProtocolError } from '../../errors.ts'
import { type CheatReason, OtState } from '../../protocol/ecdsa/index.ts'
import { wipe } from '../../util/bytes.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import { boolean, bytes, nullable, pick, readColumn, rowDecoder, text } from '../../service/database/rows.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { forEachRow } from '../each-row.ts'
import { EPOCH } from '../epoch.ts'
import { preprocessingNotFound, type PreprocessingKey, type TakenPreprocessing } from './preprocessings.ts'
import { tables } from '../tables.ts'

/** Names the ECDSA setup of a set. */
export interface OtStateKey {
  readonly clientId: string
  readonly setId: string
}

/** A setup as it is stored, with the epoch that it was made in. */
export interface StoredOtState {
  readonly sealed: Uint8Array
  readonly epoch: number
}

const readLocked = rowDecoder(pick(tables.reshare_ot_states, 'sealed', 'poisoned', 'epoch'))
const readStored = rowDecoder(pick(tables.reshare_ot_states, 'sealed', 'epoch'))
const readBan = rowDecoder({
  ...pick(tables.reshare_ot_states, 'set_id', 'epoch'),
  ...pick(tables.reshare_sets, 'wallet_id', 'client_id'),
})
const readDeleted = rowDecoder({ banned: boolean, ...pick(tables.reshare_ot_states, 'epoch') })

type Sealing = Pick<ServerContext, 'sealer'>
type Banning = Pick<ServerContext, 'caught'>

/** Where the ECDSA setup of a set is sealed for. */
export const otStateContext = ({ clientId, setId }: OtStateKey, epoch: number) =>
  ({ purpose: 'ot pair', clientId, row: `${setId}/${epoch}` }) as const

/** Seals a setup that was just made and wipes it. */
export function sealOtState({ sealer }: Sealing, key: OtStateKey, otState: OtState, epoch: number): StoredOtState {
  const encoded = otState.encode()
  try {
    return { sealed: sealer.seal(otStateContext(key, epoch), encoded), epoch }
  } finally {
    wipe(encoded)
    otState.dispose()
  }
}

/**
 * Keeps a setup in the place of the one before.
 *
 * @throws {OT_POISONED} if that was poisoned in this epoch: a new one would be a retry
 */
export async function storeOtState(
  context: Banning,
  tx: Queryable,
  { setId }: OtStateKey,
  otState: StoredOtState,
): Promise<void> {
  await assertUnpoisoned(context, tx, setId)
  await tx.query(
    `insert into reshare_ot_states (set_id, sealed, poisoned, epoch) values ($1, $2, false, $3)
     on conflict (set_id) do update set sealed = excluded.sealed, poisoned = false, ban_logged = false,
       epoch = excluded.epoch`,
    [setId, otState.sealed, otState.epoch],
  )
}

/** @throws {OT_POISONED} if the set's setup was poisoned in this epoch */
export async function assertUnpoisoned({ caught }: Banning, db: Queryable, setId: string): Promise<void> {
  if (caught.has(setId)) throw poisoned()
  const [row] = await db.query(`select 1 from reshare_ot_states where set_id = $1 and poisoned and epoch = ${EPOCH}`, [
    setId,
  ])
  if (row !== undefined) throw poisoned()
}

/**
 * The setup of a set, held by this transaction until it ends: whoever checks messages with it does so alone. The caller
 * wipes it.
 *
 * @throws {OT_DESYNC} if there is none, or one from before the database was restored
 * @throws {OT_POISONED} if the client was caught cheating
 */
export async function lockOtState({ sealer }: Sealing, tx: Queryable, key: OtStateKey): Promise<OtState> {
  const [row] = await tx.query(
    `select sealed, poisoned, epoch from reshare_ot_states where set_id = $1 and epoch = ${EPOCH}
     for update`,
    [key.setId],
  )
  return openLocked({ sealer }, key, row)
}

/** {@link lockOtState} and {@link takePreprocessing} at once, for a transaction that stores what comes of both. */
export async function lockOtStateAndPreprocessing(
  { sealer, now }: Pick<ServerContext, 'sealer' | 'now'>,
  tx: Queryable,
  key: PreprocessingKey,
  epoch: number,
): Promise<{ readonly otState: OtState; readonly taken: TakenPreprocessing }> {
  const [row] = await tx.query(
    `with taken as (
       delete from reshare_preprocessings
       where set_id = $1 and preprocessing_id = $2 and expires_at > $3 and epoch = $4 returning sealed
     )
     select pair.sealed, poisoned, pair.epoch, (select sealed from taken) as taken
     from reshare_ot_states pair where set_id = $1 and epoch = $4 and epoch = ${EPOCH} for update`,
    [key.setId, key.id, new Date(now()), epoch],
  )
  const sealed = row === undefined ? null : readColumn(row, 'taken', nullable(bytes))
  if (sealed === null) throw preprocessingNotFound()
  return { otState: openLocked({ sealer }, key, row), taken: { ...key, sealed, epoch } }
}

function openLocked({ sealer }: Sealing, key: OtStateKey, row: Row | undefined): OtState {
  if (row === undefined) {
    throw new ProtocolError('OT_DESYNC', 1, [], 'the server has no ECDSA setup of this set')
  }
  const stored = readLocked(row)
  if (stored.poisoned) throw poisoned()
  const encoded = sealer.open(otStateContext(key, stored.epoch), stored.sealed)
  try {
    return OtState.decode(encoded)
  } finally {
    wipe(encoded)
  }
}

/** Poisons the setup of a set, whichever it is by now. */
export async function poisonStoredOtState(
  { sealer }: Sealing,
  tx: Queryable,
  key: OtStateKey,
  { reason }: ProtocolError,
): Promise<void> {
  const [row] = await tx.query('select sealed, epoch from reshare_ot_states where set_id = $1', [key.setId])
  if (row === undefined) return
  const stored = readStored(row)
  const sealContext = otStateContext(key, stored.epoch)
  const encoded = sealer.open(sealContext, stored.sealed)
  const otState = OtState.decode(encoded)
  wipe(encoded)
  otState.poison(reason as CheatReason)
  const sealed = sealer.seal(sealContext, otState.encode())
  await tx.query('update reshare_ot_states set sealed = $2, poisoned = true where set_id = $1', [key.setId, sealed])
}

/**
 * Writes the ban of a set into the log, once. It is no part of the ban itself: that writes nothing that a client could
 * contend for.
 */
export async function logBan({ database, audit }: ServerContext, setId: string): Promise<void> {
  await database.transaction(async (tx) => {
    const [row] = await tx.query(
      `update reshare_ot_states pair set ban_logged = true from reshare_sets owner
       where pair.set_id = $1 and poisoned and not ban_logged and owner.set_id = pair.set_id
       returning pair.set_id, pair.epoch, wallet_id, client_id`,
      [setId],
    )
    if (row === undefined) return
    const { clientId, epoch, ...set } = readBan(row)
    await audit.record(tx, clientId, [banEvent({ epoch }, set)])
  })
}

/** Writes the bans into the log that a process has written and not logged. */
export async function logBans(context: ServerContext): Promise<void> {
  const bans = {
    select: 'select set_id from reshare_ot_states where poisoned and not ban_logged',
    key: ['set_id'],
    doing: (row: Row) => `to note the ban of set ${String(row['set_id'])} in the log`,
  }
  await forEachRow(context, bans, (row) => logBan(context, readColumn(row, 'set_id', text)))
}

/** A ban is good for the life of the database in which its setup was made. */
export function banEvent(ban: { readonly epoch: number }, set: Pick<AuditEvent, 'setId' | 'walletId'>): AuditEvent {
  return { ...set, event: 'poisoned', detail: String(ban.epoch) }
}

/** @returns the ban that the log does not have yet, if there was one */
export async function deleteOtState(tx: Queryable, setId: string): Promise<{ readonly epoch: number } | undefined> {
  const deleted = await tx.query(
    'delete from reshare_ot_states where set_id = $1 returning poisoned and not ban_logged as banned, epoch',
    [setId],
  )
  return deleted.map(readDeleted).find((pair) => pair.banned)
}

function poisoned(): MpcError {
  return new MpcError('OT_POISONED', 'the ECDSA setup of this set is poisoned: its client was caught cheating')
}
