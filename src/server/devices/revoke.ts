import type { DeviceStatus } from '../../api/devices.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { Caller } from '../caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable, Row } from '../database/types.ts'
import { abortIn, forgetSessionsOf } from '../operations/decide.ts'
import { askedBy, askPolicy } from '../policy.ts'
import { requireWayBack } from '../sets/actions.ts'
import { oweRemovalOfDestroyed, removeOwedHalves } from '../sets/custodian-halves.ts'
import { destroyRetiring } from '../sets/retirements.ts'
import { notAuthorized, setOf } from '../sets/rows.ts'
import { listDevices } from './list.ts'
import { requireUnrevoked } from './rows.ts'

/**
 * Ends a device for ever: from the transaction that says so no request of it is answered, none of its operations ends in
 * anything, and none of its signing sets signs. Then the server destroys its halves. Harmless to repeat.
 *
 * A device that revokes itself keeps a way back to each of its wallets, as by {@link requireWayBack}. One that others
 * revoke may be in a thief's hands, who could hinder it for ever by a wallet without a backup: what that device alone
 * held ends with it.
 *
 * @throws {AUTH_FAILED} if the client has no such device, or the caller may not revoke it
 * @throws {POLICY_DENIED}
 * @throws {DEVICE_REVOKED} if the caller was revoked meanwhile
 */
export async function revokeDevice(context: ServerContext, caller: Caller, deviceId: string): Promise<DeviceStatus> {
  const { database, policy, onError } = context
  const { clientId, device } = caller
  await requireMayRevoke(database, caller, deviceId)
  await askPolicy(policy, { ...askedBy(caller), action: 'revoke', revokedDeviceId: deviceId })
  await database.transaction(async (tx) => {
    await requireUnrevoked(tx, caller)
    await requireMayRevoke(tx, caller, deviceId)
    const ended = await revoke(context, tx, clientId, deviceId)
    const retired = await retireSetsOf(tx, clientId, deviceId)
    const destroyed = device === deviceId ? [] : await destroyUnconfirmed(tx, caller, deviceId)
    if (device === deviceId) for (const set of retired) await requireWayBack(tx, set)
    await context.audit.record(tx, clientId, [
      ...ended,
      ...retired.map(({ walletId, setId }): AuditEvent => ({ event: 'retiring', walletId, setId })),
      ...destroyed.map((row): AuditEvent => ({ ...setOf(row), event: 'destroyed' })),
    ])
  })
  await forgetSessionsOf(database, clientId, deviceId).catch(onError)
  await destroyRetiring(context, clientId).catch(onError)
  await removeOwedHalves(context, clientId).catch(onError)
  const listed = await listDevices(database, clientId)
  return listed.find((listedDevice) => listedDevice.deviceId === deviceId) as DeviceStatus
}

/**
 * A device may revoke itself, and whichever device has held a set of a wallet that it can sign for. With less, such as any
 * signing set at all, the client's credentials would do: whoever has them can make a wallet.
 */
async function requireMayRevoke(db: Queryable, { clientId, device }: Caller, deviceId: string): Promise<void> {
  const [allowed] = await db.query(
    `select 1 from reshare_devices known where client_id = $1 and device = $2 and (device = $3 or exists
       (select 1 from reshare_sets own join reshare_sets revoked using (client_id, wallet_id)
        where client_id = $1 and own.device = $3 and own.purpose = 'signing' and own.state = 'ACTIVE'
          and revoked.device = $2 and revoked.purpose = 'signing'))`,
    [clientId, deviceId, device],
  )
  if (allowed === undefined) throw notAuthorized()
}

/** Refuses the device from here on, and ends what it has not: no set that it has prepared comes into use. */
async function revoke(context: ServerContext, tx: Queryable, clientId: string, device: string): Promise<AuditEvent[]> {
  const revoked = await tx.query(
    `update reshare_devices set revoked_at = $3 where client_id = $1 and device = $2 and revoked_at is null
     returning device`,
    [clientId, device, timestamp(context)],
  )
  const events = revoked.map((): AuditEvent => ({ event: 'deviceRevoked', detail: device }))
  // Their rows stay as they are: a round of nonsense writes its operation's row twice and costs its sender nothing, so that
  // whoever has the device could make this transaction fail again and again. A round that is played now ends in a
  // transaction of its own, which finds the decision.
  const open = await tx.query(
    `select operation_id from reshare_operations open where client_id = $1 and device = $2 and not exists
       (select 1 from reshare_decisions decided
        where decided.client_id = open.client_id and decided.operation_id = open.operation_id)
     order by operation_id`,
    [clientId, device],
  )
  for (const row of open) {
    events.push(...(await abortIn(context, tx, { clientId, operationId: row['operation_id'] as string })).events)
  }
  return events
}

interface RetiredSet {
  readonly clientId: string
  readonly walletId: string
  readonly setId: string
}

async function retireSetsOf(tx: Queryable, clientId: string, deviceId: string): Promise<RetiredSet[]> {
  const retired = await tx.query(
    `update reshare_sets set state = 'RETIRING'
     where client_id = $1 and device = $2 and purpose = 'signing' and state = 'ACTIVE' returning wallet_id, set_id`,
    [clientId, deviceId],
  )
  return retired.map((row) => ({
    clientId,
    walletId: row['wallet_id'] as string,
    setId: row['set_id'] as string,
  }))
}

/**
 * Ends the backups that the revoked device has made and no app has confirmed: a thief may hold them. Not what the revoking
 * device comes from itself, and not those of wallets that it has no share of: they may be the way back.
 */
async function destroyUnconfirmed(tx: Queryable, { clientId, device }: Caller, deviceId: string): Promise<Row[]> {
  const held = `client_id = $1 and device = $2 and purpose = 'signing' and state = 'ACTIVE'`
  const destroyed = await tx.query(
    `with recursive ancestors (set_id, source_set_id) as (
       select set_id, source_set_id from reshare_sets where ${held}
       union select older.set_id, older.source_set_id
       from reshare_sets older join ancestors on older.set_id = ancestors.source_set_id
     )
     update reshare_sets set state = 'DESTROYED'
     where client_id = $1 and device = $3 and purpose = 'backup' and state = 'PREPARED' and committed_at is not null
       and wallet_id in (select wallet_id from reshare_sets where ${held})
       and set_id not in (select set_id from ancestors)
     returning set_id, wallet_id`,
    [clientId, device, deviceId],
  )
  await oweRemovalOfDestroyed(tx, clientId)
  return destroyed
}
