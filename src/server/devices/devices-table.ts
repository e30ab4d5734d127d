import { MpcError } from '../../errors.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { Caller } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'

/** How exactly the last use of a device is known: requests of one device write its row no more often than this. */
const LAST_USE_MS = 60 * 60_000

/**
 * Lets a request of a device in before anything else of it is looked at, and notes that the device is in use. A device
 * that has no set yet is as good as any: the client's own credentials have let it in.
 *
 * @throws {DEVICE_REVOKED} if the device was revoked
 */
export async function admitDevice(context: ServerContext, caller: Caller): Promise<void> {
  const row = await findDevice(context.database, caller)
  if (row === undefined) return
  if (row.revoked) throw deviceRevoked()
  if (row.lastUsedAt.getTime() > context.now() - LAST_USE_MS) return
  await context.database.query(
    'update reshare_devices set last_used_at = $3 where client_id = $1 and device = $2 and last_used_at < $3',
    [caller.clientId, caller.device, timestamp(context)],
  )
}

/**
 * Asked once more in the transaction that begins or ends something for a device: one that commits after the device was
 * revoked changes nothing.
 *
 * @throws {DEVICE_REVOKED} if the device was revoked
 */
export async function requireUnrevoked(tx: Queryable, caller: Caller): Promise<void> {
  if ((await findDevice(tx, caller))?.revoked === true) throw deviceRevoked()
}

/**
 * Lists a device from its first set on: only one that has made a set has anything to revoke.
 *
 * @returns what the log tells of it
 */
export async function noteDevice(
  context: ServerContext,
  tx: Queryable,
  { clientId, device }: Caller,
): Promise<AuditEvent[]> {
  if (device === null) return []
  const added = await tx.query(
    `insert into reshare_devices (client_id, device, created_at, last_used_at) values ($1, $2, $3, $3)
     on conflict (client_id, device) do nothing returning device`,
    [clientId, device, timestamp(context)],
  )
  return added.map(() => ({ event: 'deviceAdded', detail: device }))
}

interface DeviceRow {
  readonly revoked: boolean
  readonly lastUsedAt: Date
}

async function findDevice(db: Queryable, { clientId, device }: Caller): Promise<DeviceRow | undefined> {
  if (device === null) return undefined
  const [row] = await db.query(
    'select revoked_at, last_used_at from reshare_devices where client_id = $1 and device = $2',
    [clientId, device],
  )
  return row && { revoked: row['revoked_at'] !== null, lastUsedAt: row['last_used_at'] as Date }
}

function deviceRevoked(): MpcError {
  return new MpcError('DEVICE_REVOKED', 'this device was revoked: recover the wallet on a device with another key')
}
