import type { DeviceStatus } from '../../api/devices.ts'
import type { Queryable } from '../database/types.ts'

/** The devices of a client that have made sets, in the order in which they came, revoked ones too. */
export async function listDevices(db: Queryable, clientId: string): Promise<DeviceStatus[]> {
  const devices = await db.query(
    `select device, created_at, last_used_at, revoked_at,
       (select label from reshare_sets made
        where made.client_id = known.client_id and made.device = known.device and made.purpose = 'signing'
          and made.state <> 'ABORTED'
        order by ordinal desc limit 1) as label
     from reshare_devices known where client_id = $1 order by created_at, device`,
    [clientId],
  )
  const live = await db.query(
    `select device, set_id from reshare_sets
     where client_id = $1 and device is not null and purpose = 'signing' and state = 'ACTIVE' order by ordinal`,
    [clientId],
  )
  return devices.map((row) => ({
    deviceId: row['device'] as string,
    label: (row['label'] as string | null) ?? '',
    createdAt: (row['created_at'] as Date).toISOString(),
    lastUsedAt: (row['last_used_at'] as Date).toISOString(),
    revokedAt: (row['revoked_at'] as Date | null)?.toISOString() ?? null,
    setIds: live.filter(({ device }) => device === row['device']).map((set) => set['set_id'] as string),
  }))
}
