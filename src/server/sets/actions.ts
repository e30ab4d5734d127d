import type { SetStatus } from '../../wire/operations.ts'
import type { AuditEvent } from '../audit/entry.ts'
import { canAccess, type Caller } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { readColumn, text } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { requireUnrevoked } from '../devices/devices-table.ts'
import { callerFields, limitFields } from '../access/policy.ts'
import { askForAction } from '../approvals/ask-for-action.ts'
import { scheduleDeletionOfDestroyed, deletePendingShares } from './custodian-shares.ts'
import { destroyRetiring } from './retirements.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { IS_UNLIMITED, requireSet, setStatus, type SetRow } from './sets-table.ts'
import { assertSetMatches, requireRecoverable, undecided } from './set-checks.ts'
import { assertShareStored, assertBackupStored, assertRecoverable } from './recoverability.ts'

/**
 * Retires a signing set: it refuses to sign, then the server destroys its share. Re-entrant.
 *
 * @throws {AUTH_FAILED} if the set is not the client's, or the caller may not manage it
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime
 * @throws {SET_MISMATCH} for a backup set
 * @throws {APPROVAL_REQUIRED} if the policy allows it on conditions that are not met yet
 * @throws {POLICY_DENIED} if nothing would be left to sign with or to recover from
 * @throws {WEBHOOK_FAILED} if only a backup would be left, and the custodian could not be asked for its share
 * @throws {OPERATION_IN_PROGRESS} if the operation that makes the set is undecided
 */
export async function retireSet(context: ServerContext, caller: Caller, setId: string): Promise<SetStatus> {
  const { clientId } = caller
  const requestedSet = await requireManaged(context.database, caller, setId)
  const { walletId } = requestedSet
  const asked = { ...callerFields(caller), action: 'retire', walletId, setId, ...limitFields(requestedSet) } as const
  const approval = await askForAction(context, caller, asked, requestedSet.state === 'ACTIVE')
  if (requestedSet.purpose === 'signing' && requestedSet.state === 'ACTIVE')
    await assertBackupStored(context, requestedSet)
  await context.database.transaction(async (tx) => {
    await requireUnrevoked(tx, caller)
    const set = await requireManaged(tx, caller, setId)
    assertSetMatches(set, walletId, 'signing')
    if (set.state === 'PREPARED') throw undecided()
    if (set.state !== 'ACTIVE') return
    await assertRecoverable(tx, set)
    await tx.query(`update reshare_sets set state = 'RETIRING' where set_id = $1`, [setId])
    const used = await approval.use(tx)
    await context.audit.record(tx, clientId, [...used, { event: 'retiring', walletId, setId }])
  })
  await destroyRetiring(context, clientId)
  return setStatus(await requireSet(context.database, clientId, setId))
}

/**
 * Reads a set for a caller who may retire or confirm it: the device that it is bound to, which may be lost, or any device
 * that can sign for the same wallet with a set that is not limited.
 *
 * @throws {AUTH_FAILED} for everyone else, as if the set did not exist
 */
async function requireManaged(db: Queryable, caller: Caller, setId: string): Promise<SetRow> {
  const set = await requireSet(db, caller.clientId, setId)
  if (canAccess(set, caller)) return set
  const [sibling] = await db.query(
    `select 1 from reshare_sets where client_id = $1 and wallet_id = $2 and device = $3 and purpose = 'signing'
       and state = 'ACTIVE' and ${IS_UNLIMITED} limit 1`,
    [set.clientId, set.walletId, caller.device],
  )
  if (sibling === undefined) throw notAuthorized()
  return set
}

/**
 * Confirms a backup set: the app states that its cipherText is stored, and the server checks that the custodian still has
 * its share. The set becomes ACTIVE. It replaces the backup that it was rotated from, and the wallet's earlier backups
 * with the same method, confirmed or not. Idempotent.
 *
 * @throws {AUTH_FAILED} if the set is not the client's, or the caller may not manage it
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime
 * @throws {SET_MISMATCH} for a signing set
 * @throws {BACKUP_SUPERSEDED} if a later backup was confirmed before
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED} if the custodian has lost the share; nothing has changed
 * @throws {WEBHOOK_FAILED} if the custodian could not be asked; nothing has changed
 * @throws {OPERATION_IN_PROGRESS} if the operation that makes the set is undecided
 */
export async function confirmBackup(context: ServerContext, caller: Caller, setId: string): Promise<SetStatus> {
  const { clientId } = caller
  const requestedSet = await requireManaged(context.database, caller, setId)
  const { walletId } = requestedSet
  const asked = { ...callerFields(caller), action: 'confirm', walletId, setId } as const
  const approval = await askForAction(context, caller, asked, isUnconfirmed(requestedSet))
  if (requestedSet.purpose === 'backup' && isUnconfirmed(requestedSet)) await assertShareStored(context, requestedSet)
  const confirmed = await context.database.transaction(async (tx) => {
    await requireUnrevoked(tx, caller)
    const set = await requireManaged(tx, caller, setId)
    assertSetMatches(set, walletId, 'backup')
    requireRecoverable(set)
    if (isUnconfirmed(set)) {
      const used = await approval.use(tx)
      await context.audit.record(tx, clientId, [...used, ...(await activateBackup(tx, set, timestamp(context)))])
    }
    return setStatus(await requireSet(tx, clientId, setId))
  })
  await deletePendingShares(context, clientId).catch(context.onError)
  return confirmed
}

function isUnconfirmed({ state, committedAt }: SetRow): boolean {
  return state === 'PREPARED' && committedAt !== null
}

async function activateBackup(tx: Queryable, set: SetRow, now: Date): Promise<AuditEvent[]> {
  const { clientId, walletId, setId, sourceSetId, backupMethod } = set
  await tx.query(`update reshare_sets set state = 'ACTIVE', confirmed_at = $2 where set_id = $1`, [setId, now])
  const superseded = await tx.query(
    `update reshare_sets older set state = 'DESTROYED',
       confirmed_at = case older.state when 'ACTIVE' then coalesce(older.confirmed_at, $6) end from reshare_sets newer
     where newer.set_id = $1 and older.client_id = $2 and older.wallet_id = $3 and older.purpose = 'backup'
       and older.ordinal < newer.ordinal and older.state in ('PREPARED', 'ACTIVE') and older.committed_at is not null
       and (older.set_id = $4 or older.backup_method = $5)
     returning older.set_id`,
    [setId, clientId, walletId, sourceSetId, backupMethod, now],
  )
  await scheduleDeletionOfDestroyed(tx, clientId)
  const destroyed = superseded.map((row) => readColumn(row, 'set_id', text))
  return [
    { event: 'confirmed', walletId, setId },
    ...destroyed.map((older): AuditEvent => ({ event: 'destroyed', walletId, setId: older, detail: setId })),
  ]
}
