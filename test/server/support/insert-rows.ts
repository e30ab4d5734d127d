import type { Caller } from '../../../src/server/access/caller.ts'
import type { AuditEvent } from '../../../src/server/audit/entry.ts'
import { timestamp, type ServerContext } from '../../../src/server/context.ts'
import { deviceInsertion } from '../../../src/server/devices/devices-table.ts'
import { setInsertion, UNLIMITED, type NewSet, type StoredLimits } from '../../../src/server/sets/sets-table.ts'
import { sealShare, shareInsertion } from '../../../src/server/sets/shares.ts'
import type { Queryable } from '../../../src/service/database/types.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'

/** A set to add, without limits unless told otherwise. */
export type AddedSet = Omit<NewSet, 'committedAt' | keyof StoredLimits> & Partial<StoredLimits>

/** Adds a PREPARED set. @returns whether it was added */
export async function insertSet(db: Queryable, set: AddedSet): Promise<boolean> {
  const { sql, parameters } = setInsertion({ ...UNLIMITED, ...set, committedAt: null })
  return (await db.query(sql, parameters)).length > 0
}

/** Stores the server share of a set, unless it has one. */
export async function insertShare(
  context: Pick<ServerContext, 'sealer'>,
  db: Queryable,
  key: { readonly clientId: string; readonly setId: string },
  shares: WalletShares,
): Promise<void> {
  const { sql, parameters } = shareInsertion(key.setId, sealShare(context, key, shares))
  await db.query(sql, parameters)
}

/** Records a device. @returns what the log gets of that */
export async function recordDevice(
  context: ServerContext,
  tx: Queryable,
  { clientId, device }: Caller,
): Promise<AuditEvent[]> {
  if (device === null) return []
  const { sql, parameters } = deviceInsertion(clientId, device, timestamp(context))
  const added = await tx.query(sql, parameters)
  return added.map(() => ({ event: 'deviceAdded', detail: device }))
}
