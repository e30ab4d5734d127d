import { BadRequest } from '../../service/http.ts'
import type { Decision } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import { canAccess, type CalledOperation } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable, SqlValue } from '../../service/database/types.ts'
import { requireUnrevoked } from '../devices/devices-table.ts'
import { EPOCH, readEpoch } from '../epoch.ts'
import { deviceOfRound, lockOperation, operationRow, type OperationRow } from './operations-table.ts'
import type { RequestHash } from './request-hash.ts'
import { countFromNow } from './reservations.ts'
import { findDecision } from '../operations/decision.ts'
import { otherRequest } from './round-status.ts'
import { sealResponse } from './responses-table.ts'
import { notAuthorized } from '../../service/not-authorized.ts'

/** The right of one process to run one round of an operation. */
export interface Lease extends CalledOperation {
  readonly round: number
  readonly token: Uint8Array
}

/** A round that this process runs, for one request. */
export interface RoundContext {
  readonly context: ServerContext
  readonly lease: Lease
  readonly requestHash: RequestHash
}

/** A lease and its operation. */
export interface LeasedRound {
  readonly lease: Lease
  readonly operation: OperationRow
}

const LEASED = 'client_id = $1 and operation_id = $2 and round = $3 and lease_token = $4'

/**
 * Leases the next round of an operation to this process, for one request. From then on no other request is run in this
 * round, not even after a failure, so that a state is never used with two different requests.
 *
 * @throws {AUTH_FAILED} if the client has no such operation, or it is a round of another device
 * @throws {BadRequest} if an earlier round is missing
 * @throws {OPERATION_IN_PROGRESS} if an earlier round of the other device is missing
 * @throws {PROTOCOL_ABORTED} if the round was started with another request, or belongs to an earlier epoch
 * @throws {OPERATION_IN_PROGRESS} if another process is running the round
 */
export async function leaseRound(
  context: ServerContext,
  key: CalledOperation,
  round: number,
  requestHash: RequestHash,
): Promise<LeasedRound> {
  const token = context.random(16)
  const until = timestamp(context, context.limits.roundMs)
  const [free] = await context.database.query(
    `update reshare_operations set lease_token = $3, lease_hash = $4, lease_expires_at = $5
     where client_id = $1 and operation_id = $2 and round = $6 and coalesce(${DEVICE_OF_NEXT_ROUND}, $7) is not distinct from $7
       and epoch = ${EPOCH} and (lease_hash is null or lease_hash = $4)
       and (lease_expires_at is null or lease_expires_at <= $8)
     returning *`,
    [key.clientId, key.operationId, token, requestHash.bytes, until, round - 1, key.device, timestamp(context)],
  )
  if (free !== undefined) return { lease: { ...key, round, token }, operation: operationRow(free) }
  return leaseOrRefuse(context, key, round, requestHash)
}

/** SQL expression: the device that sends the next round of an operation; null for any. */
const DEVICE_OF_NEXT_ROUND = '(case round % 2 when 1 then coalesce(joining_device, device) else device end)'

/** {@link leaseRound} of a round that was not free: finds out why. */
async function leaseOrRefuse(
  context: ServerContext,
  key: CalledOperation,
  round: number,
  requestHash: RequestHash,
): Promise<LeasedRound> {
  return context.database.transaction(async (tx) => {
    const operation = await lockOperation(tx, key)
    if (operation === undefined || !canAccess({ device: deviceOfRound(operation, round) }, key)) throw notAuthorized()
    await requireEpoch(tx, operation)
    if (round > operation.round + 1) throw tooEarly(operation)
    // Completed after the caller had looked: a repeated request finds the response.
    if (round <= operation.round) throw inProgress()
    const { leaseHash, leaseExpiresAt } = operation
    if (leaseHash !== null && !requestHash.matches(leaseHash)) throw otherRequest(round)
    if (leaseExpiresAt !== null && leaseExpiresAt.getTime() > context.now()) throw inProgress()
    const token = context.random(16)
    await tx.query(
      `update reshare_operations set lease_token = $3, lease_hash = $4, lease_expires_at = $5
       where client_id = $1 and operation_id = $2`,
      [key.clientId, key.operationId, token, requestHash.bytes, timestamp(context, context.limits.roundMs)],
    )
    return { lease: { ...key, round, token }, operation }
  }, 'read committed')
}

/** SQL condition, on a row of `reshare_operations`: it is not decided, and neither its devices nor the caller are revoked. */
const GOES_ON = `not exists (select 1 from reshare_decisions where client_id = $1 and operation_id = $2)
  and not exists (select 1 from reshare_devices where client_id = $1 and revoked_at is not null
    and device in ($5, reshare_operations.device, reshare_operations.joining_device))`

/** What a round stores that is not the last. */
export interface RoundResult {
  /** The sealed state for the next round; null deletes the request, too. */
  readonly state: Uint8Array | null
  readonly response: Uint8Array
}

/**
 * Stores the response of a round that is not the last, and ends its lease, by compare-and-set: the sealed state of a round
 * is used once.
 *
 * @throws {OPERATION_IN_PROGRESS} if another process has taken the round over
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime
 * @throws {PROTOCOL_ABORTED} if it was decided in the meantime
 */
export async function finishRound(
  { context, lease, requestHash }: RoundContext,
  tx: Queryable,
  { state, response }: RoundResult,
): Promise<void> {
  const { round } = lease
  const rows = await tx.query(
    `with moved as (
       update reshare_operations set round = $6, state = $7, lease_token = null, lease_hash = null, lease_expires_at = null,
         request = case when $7::bytea is not null then request end
       where ${LEASED} and ${GOES_ON} returning 1
     )
     insert into reshare_responses (client_id, operation_id, round, request_hash, sealed)
     select $1, $2, $6::int, $8::bytea, $9::bytea from moved returning 1`,
    [
      ...leaseValues(lease),
      lease.device,
      round,
      state,
      requestHash.bytes,
      sealResponse(context, lease, round, response),
    ],
  )
  if (rows.length === 0) throw await whyRefused(tx, lease)
}

/**
 * Decides an operation and ends its last round. Throws as {@link finishRound}.
 *
 * @param response the last response, if it is known before the writes that belong to the decision
 */
export async function decideRound(
  { context, lease, requestHash }: RoundContext,
  tx: Queryable,
  decision: Decision['decision'],
  response?: Uint8Array,
): Promise<void> {
  // First the decision, then the operation's row, in the order of an abort: otherwise the two could deadlock.
  const rows = await tx.query(
    `with decided as (
       insert into reshare_decisions (client_id, operation_id, decision, decided_at, device, joining_device)
       select client_id, operation_id, $6, $7::timestamptz, device, joining_device from reshare_operations where ${LEASED} and ${GOES_ON}
       on conflict (client_id, operation_id) do nothing returning 1
     ), ended as (
       update reshare_operations set round = $3 + 1, state = null, lease_token = null, lease_hash = null,
         lease_expires_at = null, request = null
       where ${LEASED} and exists (select 1 from decided) returning 1
     ), signed as (${countFromNow('$7', `$6 = 'COMMIT' and exists (select 1 from decided)`)})
     ${response === undefined ? 'select 1 from ended' : INSERT_LAST_RESPONSE}`,
    [
      ...leaseValues(lease),
      lease.device,
      decision,
      timestamp(context),
      ...(response === undefined ? [] : [requestHash.bytes, sealResponse(context, lease, lease.round, response)]),
    ],
  )
  if (rows.length === 0) throw await whyRefused(tx, lease)
}

const INSERT_LAST_RESPONSE = `insert into reshare_responses (client_id, operation_id, round, request_hash, sealed)
     select $1, $2, $3::int + 1, $8::bytea, $9::bytea from ended returning 1`

/** Why a leased round could not be stored. */
async function whyRefused(tx: Queryable, lease: Lease): Promise<unknown> {
  await requireUnrevoked(tx, lease)
  if ((await findDecision(tx, lease)) !== undefined || (await hasRevokedDevice(tx, lease))) return operationEnded()
  return inProgress()
}

/** Whether a device of the operation was revoked: of a join, it may be the one that does not send this round. */
async function hasRevokedDevice(tx: Queryable, { clientId, operationId }: Lease): Promise<boolean> {
  const revoked = await tx.query(
    `select 1 from reshare_operations operation join reshare_devices revoked on revoked.client_id = operation.client_id
       and revoked.device in (operation.device, operation.joining_device)
     where operation.client_id = $1 and operation_id = $2 and revoked_at is not null`,
    [clientId, operationId],
  )
  return revoked.length > 0
}

export function operationEnded(): MpcError {
  return new MpcError('PROTOCOL_ABORTED', 'the operation is over')
}

/** Ends the lease, so that the same request may be run again at once. */
export async function releaseRound(db: Queryable, lease: Lease): Promise<void> {
  await db.query(`update reshare_operations set lease_expires_at = null where ${LEASED}`, leaseValues(lease))
}

/** Allows another request in the round, because no session has seen this one. In round 1 the operation is deleted; what it has reserved, and its approval, are given back. */
export async function resetRound(db: Queryable, lease: Lease): Promise<void> {
  if (lease.round === 1) {
    await db.query(
      `with reset as (delete from reshare_operations where ${LEASED} returning client_id, operation_id),
       approval as (update reshare_approvals used set state = 'OPEN', ended_at = null from reset
         where used.client_id = reset.client_id and used.operation_id = reset.operation_id and state = 'USED')
       delete from reshare_reservations using reset
       where reshare_reservations.client_id = reset.client_id and reshare_reservations.operation_id = reset.operation_id`,
      leaseValues(lease),
    )
  } else {
    await db.query(
      `update reshare_operations set lease_token = null, lease_hash = null, lease_expires_at = null where ${LEASED}`,
      leaseValues(lease),
    )
  }
}

function leaseValues({ clientId, operationId, round, token }: Lease): SqlValue[] {
  return [clientId, operationId, round - 1, token]
}

async function requireEpoch(tx: Queryable, operation: OperationRow): Promise<void> {
  if ((await readEpoch(tx)) !== operation.epoch) {
    throw new MpcError('PROTOCOL_ABORTED', 'the operation was started before the database was restored')
  }
}

/** A round of the other device is missing: the caller may repeat its own, until that device has sent it. */
function tooEarly({ kind, round }: OperationRow): Error {
  if (kind === 'join') return new MpcError('OPERATION_IN_PROGRESS', 'it is the turn of the other device')
  return new BadRequest(`the next round of this operation is ${round + 1}`)
}

export function inProgress(): MpcError {
  return new MpcError('OPERATION_IN_PROGRESS', 'another process is running this round')
}
