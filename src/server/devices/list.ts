import type { DeviceStatus, ListedDevice, UnboundSets } from '../../wire/devices.ts'
import type { Queryable, SqlValue } from '../../service/database/types.ts'

/**
 * The devices of a client that have made sets, oldest first, revoked ones included; then the signing sets in use
 * without a device, if there are any.
 */
export async function listDevices(db: Queryable, clientId: string): Promise<ListedDevice[]> {
  const devices = await db.query(
    `select device, created_at, last_used_at, revoked_at from reshare_devices
     where client_id = $1 order by created_at, device`,
    [clientId],
  )
  const newest = await db.query(
    `select distinct on (device) device, label from reshare_sets
     where client_id = $1 and device is not null and purpose = 'signing' and state <> 'ABORTED'
     order by device, ordinal desc`,
    [clientId],
  )
  const live = await db.query(
    `select device, set_id from reshare_sets
     where client_id = $1 and device is not null and purpose = 'signing' and state = 'ACTIVE' order by ordinal`,
    [clientId],
  )
  const labels = new Map(newest.map(({ device, label }) => [device, label as string]))
  const sets = new Map<SqlValue | undefined, string[]>(devices.map(({ device }) => [device, []]))
  for (const { device, set_id: setId } of live) sets.get(device)?.push(setId as string)
  const listed = devices.map(({ device, ...row }): DeviceStatus => ({
    deviceId: device as string,
    label: labels.get(device) ?? '',
    createdAt: (row['created_at'] as Date).toISOString(),
    lastUsedAt: (row['last_used_at'] as Date).toISOString(),
    revokedAt: (row['revoked_at'] as Date | null)?.toISOString() ?? null,
    setIds: sets.get(device) ?? [],
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
