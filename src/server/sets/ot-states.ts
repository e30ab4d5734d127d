import { MpcError, ProtocolError } from '../../errors.ts'
import { type CheatReason, OtState } from '../../protocol/ecdsa/index.ts'
import { wipe } from '../../util/bytes.ts'
import { endApprovalsOfSet } from '../approvals/end-approvals.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import { boolean, bytes, nullable, pick, readColumn, rowDecoder, text } from '../../service/database/rows.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { forEachRow } from '../each-row.ts'
import { EPOCH } from '../epoch.ts'
import { takenFrom, type PreprocessingKeys, type TakenPreprocessing } from './preprocessings.ts'
import { setRow, type SetRow } from './sets-table.ts'
import { tables } from '../tables.ts'

/** Identifies the OT state of a set: what the server keeps of its ECDSA setup. */
export interface OtStateKey {
  readonly clientId: string
  readonly setId: string
}

/** An OT state as it is stored, with the epoch in which it was made. */
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

/** The seal context of a set's OT state. */
export const otStateContext = ({ clientId, setId }: OtStateKey, epoch: number) =>
  ({ purpose: 'ot state', clientId, row: `${setId}/${epoch}` }) as const

/** Seals a new OT state and wipes it. */
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
 * Stores an OT state in place of the previous one.
 *
 * @throws {OT_POISONED} if the previous one was poisoned in this epoch: a new one would let the client try again
 */
export async function storeOtState(
  { caught }: Banning,
  tx: Queryable,
  { setId }: OtStateKey,
  otState: StoredOtState,
): Promise<void> {
  if (caught.has(setId)) throw poisoned()
  const stored = await tx.query(
    `insert into reshare_ot_states as known (set_id, sealed, poisoned, epoch) values ($1, $2, false, $3)
     on conflict (set_id) do update set sealed = excluded.sealed, poisoned = false, ban_logged = false,
       epoch = excluded.epoch
     where not (known.poisoned and known.epoch = ${EPOCH}) returning 1`,
    [setId, otState.sealed, otState.epoch],
  )
  if (stored.length === 0) throw poisoned()
}

/** @throws {OT_POISONED} if the set's OT state was poisoned in this epoch */
export async function assertUnpoisoned({ caught }: Banning, db: Queryable, setId: string): Promise<void> {
  if (caught.has(setId)) throw poisoned()
  const [row] = await db.query(`select 1 from reshare_ot_states where set_id = $1 and poisoned and epoch = ${EPOCH}`, [
    setId,
  ])
  if (row !== undefined) throw poisoned()
}

/** A set with the server share and the OT state, whose row a transaction has locked. */
export interface LockedSet {
  readonly set: SetRow
  /** Sealed; null if there is none. */
  readonly share: Uint8Array | null
  /**
   * The OT state, which the caller wipes.
   *
   * @throws {OT_DESYNC} if there is none, or only one from before the database was restored
   * @throws {OT_POISONED} if the client was caught cheating
   */
  readonly openOtState: () => OtState
}

/**
 * Reads a set and locks its OT state until the transaction ends, so that only one transaction at a time checks messages
 * with that.
 *
 * @returns undefined if the client has no such set
 */
export async function lockSet({ sealer }: Sealing, tx: Queryable, key: OtStateKey): Promise<LockedSet | undefined> {
  const [row] = await tx.query(
    `with locked as (
       select sealed, poisoned, epoch from reshare_ot_states where set_id = $1 and epoch = ${EPOCH} and exists
         (select 1 from reshare_sets where set_id = $1 and client_id = $2)
       for update
     )
     select source.*, share.sealed as share, locked.sealed, poisoned, epoch
     from reshare_sets source left join reshare_shares share using (set_id) left join locked on true
     where set_id = $1 and client_id = $2`,
    [key.setId, key.clientId],
  )
  if (row === undefined) return undefined
  const openOtState = () => openLocked({ sealer }, key, row['sealed'] === null ? undefined : row)
  return { set: setRow(row), share: readColumn(row, 'share', nullable(bytes)), openOtState }
}

/**
 * Locks the OT state of a set and takes preprocessings, all or none, in one statement, for a transaction that stores the result
 * of both.
 *
 * @throws {PREPROCESSING_NOT_FOUND} if one is missing; the caller rolls back
 */
export async function lockOtStateAndPreprocessings(
  { sealer, now }: Pick<ServerContext, 'sealer' | 'now'>,
  tx: Queryable,
  key: PreprocessingKeys,
  epoch: number,
): Promise<{ readonly otState: OtState; readonly taken: readonly TakenPreprocessing[] }> {
  const rows = await tx.query(
    `with taken as (
       delete from reshare_preprocessings
       where set_id = $1 and preprocessing_id = any(string_to_array($2, ',')) and expires_at > $3 and epoch = $4
       returning preprocessing_id, sealed
     )
     select ot.sealed as ot_state, poisoned, ot.epoch, taken.preprocessing_id, taken.sealed
     from reshare_ot_states ot join taken on true where ot.set_id = $1 and ot.epoch = $4 and ot.epoch = ${EPOCH} for update of ot`,
    [key.setId, key.ids.join(), new Date(now()), epoch],
  )
  const taken = takenFrom(rows, key, epoch)
  const [row] = rows
  return { otState: openLocked({ sealer }, key, { ...row, sealed: row?.['ot_state'] ?? null }), taken }
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

/** Poisons the current OT state of a set. */
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
 * Writes the ban of a set to the log, once, and ends what waits for an approval with the set. This is not part of the ban's own transaction, which must not write rows that a
 * client could contend for.
 */
export async function logBan(context: ServerContext, setId: string): Promise<void> {
  const { database, audit } = context
  await database.transaction(async (tx) => {
    const [row] = await tx.query(
      `update reshare_ot_states ot set ban_logged = true from reshare_sets owner
       where ot.set_id = $1 and poisoned and not ban_logged and owner.set_id = ot.set_id
       returning ot.set_id, ot.epoch, wallet_id, client_id`,
      [setId],
    )
    if (row === undefined) return
    const { clientId, epoch, ...set } = readBan(row)
    await endApprovalsOfSet(context, tx, clientId, setId)
    await audit.record(tx, clientId, [banEvent({ epoch }, set)])
  })
}

/** Writes to the log the bans that are not in it yet, for example because a process ended. */
export async function logBans(context: ServerContext): Promise<void> {
  const bans = {
    select: 'select set_id from reshare_ot_states where poisoned and not ban_logged',
    key: ['set_id'],
    doing: (row: Row) => `to note the ban of set ${String(row['set_id'])} in the log`,
  }
  await forEachRow(context, bans, (row) => logBan(context, readColumn(row, 'set_id', text)))
}

/** A ban lasts for the epoch in which the OT state was made. */
export function banEvent(ban: { readonly epoch: number }, set: Pick<AuditEvent, 'setId' | 'walletId'>): AuditEvent {
  return { ...set, event: 'poisoned', detail: String(ban.epoch) }
}

/** @returns the row of a ban that is not in the log yet, if there is one */
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
