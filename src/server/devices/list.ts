import type { DeviceStatus, ListedDevice, UnboundSets } from '../../wire/devices.ts'
import { pick, rowDecoder, text } from '../../service/database/rows.ts'
import type { Queryable } from '../../service/database/types.ts'
import { tables } from '../tables.ts'

const readDevice = rowDecoder(pick(tables.reshare_devices, 'device', 'created_at', 'last_used_at', 'revoked_at'))
const readLabel = rowDecoder({ device: text, label: text })
const readLive = rowDecoder({ device: text, set_id: text })
const readUnbound = rowDecoder(pick(tables.reshare_sets, 'set_id', 'label', 'created_at', 'last_used_at'))

/**
 * The devices of a client that have had a committed set, oldest first, and all revoked ones; then the signing sets in use
 * without a device, if there are any. A device that was invited, but has not joined, is not among them.
 */
export async function listDevices(db: Queryable, clientId: string): Promise<ListedDevice[]> {
  const devices = await db.query(
    `select device, created_at, last_used_at, revoked_at from reshare_devices listed
     where client_id = $1 and (revoked_at is not null or exists (select 1 from reshare_sets made
       where made.client_id = $1 and made.device = listed.device and made.committed_at is not null))
     order by created_at, device`,
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
  const labels = new Map(newest.map(readLabel).map(({ device, label }) => [device, label]))
  const sets = new Map<string, string[]>()
  for (const { device, setId } of live.map(readLive)) sets.set(device, [...(sets.get(device) ?? []), setId])
  const listed = devices.map(readDevice).map((row): DeviceStatus => ({
    deviceId: row.device,
    label: labels.get(row.device) ?? '',
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    setIds: sets.get(row.device) ?? [],
  }))
  return [...listed, ...(await listUnbound(db, clientId))]
}

async function listUnbound(db: Queryable, clientId: string): Promise<UnboundSets[]> {
  const rows = await db.query(
    `select set_id, label, created_at, last_used_at from reshare_sets
     where client_id = $1 and device is null and purpose = 'signing' and state = 'ACTIVE' order by ordinal`,
    [clientId],
  )
  const sets = rows.map(readUnbound)
  const [first, newest] = [sets[0], sets.at(-1)]
  if (first === undefined || newest === undefined) return []
  const used = sets.map((set) => (set.lastUsedAt ?? set.createdAt).getTime())
  const lastUsedAt = used.reduce((latest, time) => Math.max(latest, time))
  return [
    {
      deviceId: null,
      label: newest.label,
      createdAt: first.createdAt.toISOString(),
      lastUsedAt: new Date(lastUsedAt).toISOString(),
      revokedAt: null,
      setIds: sets.map(({ setId }) => setId),
    },
  ]
}
