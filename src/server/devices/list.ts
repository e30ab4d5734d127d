import type { DeviceStatus, ListedDevice, UnboundSets } from '../../api/devices.ts'
import type { Queryable } from '../database/types.ts'

/**
 * The devices of a client that have made sets, in the order in which they came, revoked ones too; then the signing sets in use
 * that are bound to none, if there are any.
 */
export async function listDevices(db: Queryable, clientId: string): Promise<ListedDevice[]> {
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
  const listed = devices.map((row): DeviceStatus => ({
    deviceId: row['device'] as string,
    label: (row['label'] as string | null) ?? '',
    createdAt: (row['created_at'] as Date).toISOString(),
    lastUsedAt: (row['last_used_at'] as Date).toISOString(),
    revokedAt: (row['revoked_at'] as Date | null)?.toISOString() ?? null,
    setIds: live.filter(({ device }) => device === row['device']).map((set) => set['set_id'] as string),
  }))
  return [...listed, ...(await listUnbound(db, clientId))]
}

async function listUnbound(db: Queryable, clientId: string): Promise<UnboundSets[]> {
  const sets = await db.query(
    `select set_id, label, created_at, last_used_at from reshare_sets
     where client_id = $1 and device is null and purpose = 'signing' and state = 'ACTIVE' order by ordinal`,
    [clientId],
  )
  const [first, newest] = [sets[0], sets.at(-1)]
  if (first === undefined || newest === undefined) return []
  const used = sets.map((set) => ((set['last_used_at'] ?? set['created_at']) as Date).getTime())
  const lastUsedAt = used.reduce((latest, time) => Math.max(latest, time))
  return [
    {
      deviceId: null,
      label: newest['label'] as string,
      createdAt: (first['created_at'] as Date).toISOString(),
      lastUsedAt: new Date(lastUsedAt).toISOString(),
      revokedAt: null,
      setIds: sets.map((set) => set['set_id'] as string),
    },
  ]
}
