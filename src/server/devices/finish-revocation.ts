import { endApprovalsOfDevice } from '../approvals/end-approvals.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { ServerContext } from '../context.ts'
import { pick, rowDecoder, text } from '../../service/database/rows.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { forEachRow } from '../each-row.ts'
import { abortOpen } from '../rounds/decisions.ts'
import { scheduleDeletionOfDestroyed } from '../sets/custodian-shares.ts'
import { endUnconfirmed } from '../sets/lineage.ts'
import { setIdsOf } from '../sets/sets-table.ts'
import { tables } from '../tables.ts'

/** The revocation of a device, by another device or itself. */
export interface Revocation {
  readonly clientId: string
  readonly device: string
  readonly revoker: string
}

/** A device whose revocation is not finished has a revoker. */
const readRevocation = rowDecoder({ ...pick(tables.reshare_devices, 'client_id', 'device'), revoker: text })

interface RetiredSet {
  readonly clientId: string
  readonly walletId: string
  readonly setId: string
}

/**
 * Ends what a revoked device still has: its open operations, signing sets, unconfirmed backups, and what it waits for or has approved. It starts after the
 * revocation is committed, so that it sees everything started before. Re-entrant, with short transactions, because
 * other devices of the client, perhaps the same thief's, write to its log at the same time.
 */
export async function finishRevocation(context: ServerContext, revocation: Revocation): Promise<void> {
  const { clientId, device } = revocation
  const left = await abortOpen(context, clientId, 'device', device)
  await context.database.transaction(async (tx) => {
    const retired = await retireSetsOf(tx, revocation)
    await context.audit.record(tx, clientId, retired.map(retiringEvent))
  })
  // In its own transaction: sets derived from its backups may be on devices that still sign, and conflict with this.
  await context.database.transaction(async (tx) => {
    // A device that has revoked itself can no longer sign for any wallet, so it ends none of its backups.
    const ended = await endBackupsOf(tx, revocation)
    await endApprovalsOfDevice(context, tx, clientId, device)
    // Operations that could not be aborted are left to the next sweep. They cannot continue: no round of theirs is stored while one of their devices is revoked.
    if (left === 0) await clearRevoker(tx, revocation)
    await context.audit.record(tx, clientId, ended)
  })
  await waitForSignatures(context.database, clientId)
}

/**
 * Waits for signatures that the device had started when it was revoked, with sets that are bound to no device: they are
 * invisible until they commit. For signatures with the device's own sets, retiring those sets has already waited.
 */
async function waitForSignatures(db: Queryable, clientId: string): Promise<void> {
  await db.query(
    `select count(*)::int from
       (select 1 from reshare_sets where client_id = $1 and device is null and purpose = 'signing' and state = 'ACTIVE'
        for share) unbound`,
    [clientId],
  )
}

async function clearRevoker(tx: Queryable, { clientId, device, revoker }: Revocation): Promise<void> {
  const revoked = [clientId, device, revoker]
  await tx.query(
    'update reshare_devices set revoker = null where client_id = $1 and device = $2 and revoker = $3',
    revoked,
  )
}

/** Finishes revocations whose process has ended, or that could not abort an operation. */
export async function finishRevocations(context: ServerContext): Promise<void> {
  const unfinished = {
    select: 'select client_id, device, revoker from reshare_devices where revoker is not null',
    key: ['client_id', 'device'],
    doing: (row: Row) => `to finish the revocation of device ${String(row['device'])}`,
  }
  await forEachRow(context, unfinished, (row) => finishRevocation(context, readRevocation(row)))
}

export async function retireSetsOf(tx: Queryable, { clientId, device }: Revocation): Promise<RetiredSet[]> {
  const retired = await tx.query(
    `update reshare_sets set state = 'RETIRING'
     where client_id = $1 and device = $2 and purpose = 'signing' and state = 'ACTIVE' returning wallet_id, set_id`,
    [clientId, device],
  )
  return retired.map((row) => ({ clientId, ...setIdsOf(row) }))
}

export function retiringEvent({ walletId, setId }: RetiredSet): AuditEvent {
  return { event: 'retiring', walletId, setId }
}

/**
 * Ends the unconfirmed backups that the revoked device has made, and all sets derived from them on other devices: a
 * thief may hold them. Excluded are the sets that the revoking device's own are derived from, and wallets that it has
 * no share of: those backups may be needed for recovery.
 */
async function endBackupsOf(tx: Queryable, { clientId, device, revoker }: Revocation): Promise<readonly AuditEvent[]> {
  const held = `device = $2 and purpose = 'signing' and state = 'ACTIVE'`
  const { events } = await endUnconfirmed(tx, clientId, {
    backups: `device = $3 and wallet_id in (select wallet_id from reshare_sets where client_id = $1 and ${held})`,
    survivors: held,
    values: [revoker, device],
  })
  await scheduleDeletionOfDestroyed(tx, clientId)
  return events
}
