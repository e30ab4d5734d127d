import { MpcError } from '../../errors.ts'
import type { Caller } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { bytes, int, nullable, readColumn, rowDecoder, time } from '../../service/database/rows.ts'
import type { Statement } from '../../service/database/combined.ts'
import type { Queryable } from '../../service/database/types.ts'
import { tables } from '../tables.ts'

/** Of two tables, either of which may have no row. */
const readFound = rowDecoder({
  revoked_at: nullable(time),
  last_used_at: nullable(time),
  status: nullable(int),
  body: nullable(bytes),
})

/** A response that was stored for a sealed request. */
export interface StoredResponse {
  readonly status: number
  readonly body: Uint8Array
}

/** The precision of a device's last use: its row is updated no more often than this. */
const LAST_USE_MS = 60 * 60_000

/**
 * Checks the device of a request before anything else, and records that the device is in use. A device without a set is
 * accepted: the client's credentials have admitted it.
 *
 * @param requestId names the request, if it was sealed and changes something
 * @returns the stored response, if exactly this request has a final one
 * @throws {DEVICE_REVOKED} if the device was revoked
 */
export async function admitDevice(
  context: ServerContext,
  caller: Caller,
  requestId: Uint8Array | null = null,
): Promise<StoredResponse | undefined> {
  if (caller.device === null) return undefined
  const [row] = await context.database.query(
    `select revoked_at, last_used_at, status, body
     from (select $1::text as client_id, $2::text as device, $3::bytea as request_id) asked
       left join reshare_devices using (client_id, device)
       left join reshare_sealed_responses using (client_id, request_id)`,
    [caller.clientId, caller.device, requestId],
  )
  const { revokedAt, lastUsedAt, status, body } = readFound(row)
  if (revokedAt !== null) throw deviceRevoked()
  if (lastUsedAt !== null) await recordUse(context, caller, lastUsedAt)
  return status === null || body === null ? undefined : { status, body }
}

async function recordUse(context: ServerContext, caller: Caller, lastUsedAt: Date): Promise<void> {
  if (lastUsedAt.getTime() > context.now() - LAST_USE_MS) return
  await context.database.query(
    'update reshare_devices set last_used_at = $3 where client_id = $1 and device = $2 and last_used_at < $3',
    [caller.clientId, caller.device, timestamp(context)],
  )
}

/**
 * Checked again in the transaction that starts or ends something for a device, so that none commits after the device
 * was revoked.
 *
 * @throws {DEVICE_REVOKED} if the device was revoked
 */
export async function requireUnrevoked(tx: Queryable, caller: Caller): Promise<void> {
  if (await isRevoked(tx, caller)) throw deviceRevoked()
}

/**
 * The same of a device that is to join a wallet.
 *
 * @throws {DEVICE_REVOKED} if it was revoked
 */
export async function requireMayJoin(tx: Queryable, joining: Caller): Promise<void> {
  if (await isRevoked(tx, joining)) throw new MpcError('DEVICE_REVOKED', 'the joining device was revoked')
}

async function isRevoked(tx: Queryable, { clientId, device }: Caller): Promise<boolean> {
  if (device === null) return false
  const key = [clientId, device]
  const [row] = await tx.query('select revoked_at from reshare_devices where client_id = $1 and device = $2', key)
  return row !== undefined && readColumn(row, 'revoked_at', tables.reshare_devices.revoked_at) !== null
}

/** Records a device with its first set: before that there is nothing to revoke. Returns a row if it was not known. */
export function deviceInsertion(clientId: string, device: string, now: Date): Statement {
  return {
    sql: `insert into reshare_devices (client_id, device, created_at, last_used_at) values ($1, $2, $3, $3)
      on conflict (client_id, device) do nothing returning device`,
    parameters: [clientId, device, now],
  }
}

function deviceRevoked(): MpcError {
  return new MpcError('DEVICE_REVOKED', 'this device was revoked: recover the wallet on a device with another key')
}
