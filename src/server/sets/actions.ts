import type { SetStatus } from '../../api/operations.ts'
import { MpcError } from '../../errors.ts'
import type { AuditEvent } from '../audit/entry.ts'
import { isFor, type Caller } from '../caller.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import { requireUnrevoked } from '../devices/rows.ts'
import { askedBy, askPolicy } from '../policy.ts'
import { oweRemovalOfDestroyed, removeOwedHalves } from './custodian-halves.ts'
import { destroyRetiring } from './retirements.ts'
import { notAuthorized, requireSet, setStatus, type SetRow } from './rows.ts'
import { requireNamed, requireRecoverable, undecided } from './usable.ts'

/**
 * Ends a device's session: the set refuses to sign, then the server destroys its half. Re-entrant.
 *
 * @throws {AUTH_FAILED} if the set is not the client's, or the caller may not speak for it
 * @throws {DEVICE_REVOKED} if the caller was revoked meanwhile
 * @throws {SET_MISMATCH} for a backup set
 * @throws {POLICY_DENIED} if nothing would be left to sign with or to recover from
 * @throws {OPERATION_IN_PROGRESS} if the operation that makes it is not decided
 */
export async function retireSet(context: ServerContext, caller: Caller, setId: string): Promise<SetStatus> {
  const { clientId } = caller
  const { walletId } = await requireManaged(context.database, caller, setId)
  await askPolicy(context.policy, { ...askedBy(caller), action: 'retire', walletId, setId })
  await context.database.transaction(async (tx) => {
    await requireUnrevoked(tx, caller)
    const set = await requireManaged(tx, caller, setId)
    requireNamed(set, walletId, 'signing')
    if (set.state === 'PREPARED') throw undecided()
    if (set.state !== 'ACTIVE') return
    await requireWayBack(tx, set)
    await tx.query(`update reshare_sets set state = 'RETIRING' where set_id = $1`, [setId])
    await context.audit.record(tx, clientId, [{ event: 'retiring', walletId, setId }])
  })
  await destroyRetiring(context, clientId)
  return setStatus(await requireSet(context.database, clientId, setId))
}

/**
 * A set, for those who may end or confirm it: the device that it is bound to, and any that can sign for the same wallet,
 * which that device may be lost to.
 *
 * @throws {AUTH_FAILED} for all others, as if there were no such set
 */
async function requireManaged(db: Queryable, caller: Caller, setId: string): Promise<SetRow> {
  const set = await requireSet(db, caller.clientId, setId)
  if (isFor(set, caller)) return set
  const [sibling] = await db.query(
    `select 1 from reshare_sets where client_id = $1 and wallet_id = $2 and device = $3 and purpose = 'signing'
       and state = 'ACTIVE' limit 1`,
    [set.clientId, set.walletId, caller.device],
  )
  if (sibling === undefined) throw notAuthorized()
  return set
}

/**
 * What is left must be known to work (invariant I4): a signing set that has proven itself, or a confirmed backup. The sets
 * of a revoked device are about to retire.
 */
export async function requireWayBack(
  tx: Queryable,
  { clientId, walletId, setId }: Pick<SetRow, 'clientId' | 'walletId' | 'setId'>,
): Promise<void> {
  const others = await tx.query(
    `select 1 from reshare_sets other
     where client_id = $1 and wallet_id = $2 and set_id <> $3 and state = 'ACTIVE'
       and (purpose = 'backup' or proven_at is not null and not exists
         (select 1 from reshare_devices gone
          where gone.client_id = $1 and gone.device = other.device and gone.revoked_at is not null)) limit 1`,
    [clientId, walletId, setId],
  )
  if (others.length > 0) return
  throw new MpcError('POLICY_DENIED', 'no other set of this wallet is known to work: confirm a backup first')
}

/**
 * Takes the app's word that a backup set's cipherText is stored: the set becomes ACTIVE, and takes the place of the one
 * that it was rotated from and of the wallet's earlier ones with the same method, confirmed or not. Harmless to repeat.
 *
 * @throws {AUTH_FAILED} if the set is not the client's, or the caller may not speak for it
 * @throws {DEVICE_REVOKED} if the caller was revoked meanwhile
 * @throws {SET_MISMATCH} for a signing set
 * @throws {BACKUP_SUPERSEDED} if a later backup was confirmed before
 * @throws {OPERATION_IN_PROGRESS} if the operation that makes it is not decided
 */
export async function confirmBackup(context: ServerContext, caller: Caller, setId: string): Promise<SetStatus> {
  const { clientId } = caller
  const { walletId } = await requireManaged(context.database, caller, setId)
  await askPolicy(context.policy, { ...askedBy(caller), action: 'confirm', walletId, setId })
  const confirmed = await context.database.transaction(async (tx) => {
    await requireUnrevoked(tx, caller)
    const set = await requireManaged(tx, caller, setId)
    requireNamed(set, walletId, 'backup')
    requireRecoverable(set)
    if (set.state === 'PREPARED') await context.audit.record(tx, clientId, await activateBackup(tx, set))
    return setStatus(await requireSet(tx, clientId, setId))
  })
  await removeOwedHalves(context, clientId).catch(context.onError)
  return confirmed
}

async function activateBackup(tx: Queryable, set: SetRow): Promise<AuditEvent[]> {
  const { clientId, walletId, setId, sourceSetId, backupMethod } = set
  await tx.query(`update reshare_sets set state = 'ACTIVE' where set_id = $1`, [setId])
  const superseded = await tx.query(
    `update reshare_sets older set state = 'DESTROYED' from reshare_sets newer
     where newer.set_id = $1 and older.client_id = $2 and older.wallet_id = $3 and older.purpose = 'backup'
       and older.ordinal < newer.ordinal and older.state in ('PREPARED', 'ACTIVE') and older.committed_at is not null
       and (older.set_id = $4 or older.backup_method = $5)
     returning older.set_id`,
    [setId, clientId, walletId, sourceSetId, backupMethod],
  )
  await oweRemovalOfDestroyed(tx, clientId)
  const destroyed = superseded.map((row) => row['set_id'] as string)
  return [
    { event: 'confirmed', walletId, setId },
    ...destroyed.map((older): AuditEvent => ({ event: 'destroyed', walletId, setId: older, detail: setId })),
  ]
}
