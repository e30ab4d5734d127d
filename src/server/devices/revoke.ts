import type { DeviceStatus } from '../../wire/devices.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { Caller } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { readColumn, text } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { callerFields } from '../access/policy.ts'
import { askForAction, type ActionApproval } from '../approvals/ask-for-action.ts'
import { deletePendingShares } from '../sets/custodian-shares.ts'
import { destroyRetiring } from '../sets/retirements.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { assertBackupStored, assertRecoverable } from '../sets/recoverability.ts'
import { finishRevocation, retireSetsOf, retiringEvent, type Revocation } from './finish-revocation.ts'
import { listDevices } from './list.ts'
import { requireUnrevoked } from './devices-table.ts'

/**
 * Revokes a device for ever. A short transaction records it; once it commits, every request of the device is refused, and
 * once this function returns, nothing that the device had started can take effect. The rest follows in further
 * transactions, run by a sweep if this process ends first. Idempotent.
 *
 * A device that revokes itself must leave each of its wallets recoverable, as {@link assertRecoverable} checks. A device
 * that another one revokes may be stolen, and the thief could prevent the revocation for ever with a wallet without a
 * backup. So what only that device held is lost with it.
 *
 * @throws {AUTH_FAILED} if the client has no such device, or the caller may not revoke it
 * @throws {APPROVAL_REQUIRED} if the policy allows it on conditions that are not met yet
 * @throws {POLICY_DENIED} if the policy denies it, or a wallet of a device that revokes itself would be unrecoverable
 * @throws {WEBHOOK_FAILED} if it revokes itself, only a backup would be left, and the custodian could not be asked for its
 *   share
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime
 */
export async function revokeDevice(context: ServerContext, caller: Caller, deviceId: string): Promise<DeviceStatus> {
  const { database, onError } = context
  const { clientId } = caller
  await assertMayRevoke(database, caller, deviceId)
  const asked = { ...callerFields(caller), action: 'revoke', revokedDeviceId: deviceId } as const
  const approval = await askForAction(context, caller, asked, !(await wasRevoked(database, clientId, deviceId)))
  const revocation: Revocation = { clientId, device: deviceId, revoker: caller.device as string }
  if (revocation.revoker === deviceId) await revokeItself(context, caller, revocation, approval)
  else await revokeOther(context, caller, revocation, approval)
  await finishRevocation(context, revocation)
  await destroyRetiring(context, clientId).catch(onError)
  await deletePendingShares(context, clientId).catch(onError)
  const listed = await listDevices(database, clientId)
  return listed.find((listedDevice) => listedDevice.deviceId === deviceId) as DeviceStatus
}

/**
 * A device may revoke itself, and any device that has held a set of a wallet that the caller can sign for. Less than that,
 * such as any signing set at all, would not protect: whoever has the client's credentials can make a new wallet.
 */
async function assertMayRevoke(db: Queryable, caller: Caller, deviceId: string): Promise<void> {
  if (caller.device !== deviceId) {
    if ((await findEntitlingSets(db, caller, deviceId)).length === 0) throw notAuthorized()
    return
  }
  const known = await db.query('select 1 from reshare_devices where client_id = $1 and device = $2', [
    caller.clientId,
    deviceId,
  ])
  if (known.length === 0) throw notAuthorized()
}

/**
 * The ids of the sets that entitle a device to revoke another: its active signing sets without limits of wallets that the
 * other had.
 */
async function findEntitlingSets(db: Queryable, { clientId, device }: Caller, deviceId: string): Promise<string[]> {
  const rows = await db.query(
    `select distinct own.set_id from reshare_sets own join reshare_sets revoked using (client_id, wallet_id)
     where client_id = $1 and own.device = $3 and own.purpose = 'signing' and own.state = 'ACTIVE'
       and own.scope is null and own.expires_at is null
       and revoked.device = $2 and revoked.purpose = 'signing'`,
    [clientId, deviceId, device],
  )
  return rows.map((row) => readColumn(row, 'set_id', text))
}

/** The sets of a device that revokes itself retire in the same transaction, which fails if a wallet is unrecoverable. */
async function revokeItself(
  context: ServerContext,
  caller: Caller,
  revocation: Revocation,
  approval: ActionApproval,
): Promise<void> {
  const { clientId, device } = revocation
  const held = await context.database.query(
    `select distinct wallet_id from reshare_sets
     where client_id = $1 and device = $2 and purpose = 'signing' and state = 'ACTIVE'`,
    [clientId, device],
  )
  for (const row of held) {
    await assertBackupStored(context, { clientId, walletId: readColumn(row, 'wallet_id', text), device })
  }
  await context.database.transaction(async (tx) => {
    await requireUnrevoked(tx, caller)
    const events = await markRevoked(context, tx, revocation)
    const retired = await retireSetsOf(tx, revocation)
    for (const set of retired) await assertRecoverable(tx, set)
    const used = events.length > 0 ? await approval.use(tx) : []
    await context.audit.record(tx, caller.clientId, [...used, ...events, ...retired.map(retiringEvent)])
  })
}

/**
 * A thief who has the device could make this transaction fail again and again if it took long, or if it read or wrote
 * rows that the device's signatures write, such as its sets. So the sets that entitle the caller are looked up before it,
 * and it only checks that one of them is still active.
 */
async function revokeOther(
  context: ServerContext,
  caller: Caller,
  revocation: Revocation,
  approval: ActionApproval,
): Promise<void> {
  const entitling = await findEntitlingSets(context.database, caller, revocation.device)
  await context.database.transaction(async (tx) => {
    await requireUnrevoked(tx, caller)
    if (!(await isAnyActive(tx, entitling))) throw notAuthorized()
    const events = await markRevoked(context, tx, revocation)
    const used = events.length > 0 ? await approval.use(tx) : []
    await context.audit.record(tx, caller.clientId, [...used, ...events])
  })
}

async function wasRevoked(db: Queryable, clientId: string, device: string): Promise<boolean> {
  const revoked = await db.query(
    'select 1 from reshare_devices where client_id = $1 and device = $2 and revoked_at is not null',
    [clientId, device],
  )
  return revoked.length > 0
}

async function isAnyActive(tx: Queryable, setIds: readonly string[]): Promise<boolean> {
  for (const setId of setIds) {
    const [active] = await tx.query(`select 1 from reshare_sets where set_id = $1 and state = 'ACTIVE'`, [setId])
    if (active !== undefined) return true
  }
  return false
}

/** @returns the events for the log: none if the device was already revoked */
async function markRevoked(context: ServerContext, tx: Queryable, revocation: Revocation): Promise<AuditEvent[]> {
  const { clientId, device, revoker } = revocation
  const refused = await tx.query(
    `update reshare_devices set revoked_at = $3, revoker = $4
     where client_id = $1 and device = $2 and revoked_at is null returning device`,
    [clientId, device, timestamp(context), revoker],
  )
  return refused.map(() => ({ event: 'deviceRevoked', detail: device }))
}
