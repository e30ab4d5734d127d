import { isJoiningRound } from '../../wire/join.ts'
import type { Decision, OperationKind, OperationRequest } from '../../wire/operations.ts'
import { canAccess, type CalledOperation, type Caller, type OperationKey } from '../access/caller.ts'
import type { Reservation } from '../access/reservation.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { int, nullable, pick, rowDecoder, time } from '../../service/database/rows.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import { findDecision } from '../operations/decision.ts'
import { countsAs, isAuthorized } from '../operations/definitions.ts'
import { lockClient, turnOfClient } from '../lock-client.ts'
import type { RequestHash } from './request-hash.ts'
import { notAuthorized } from '../../service/not-authorized.ts'

/** An operation, as its row has it between two rounds. */
export interface OperationRow {
  /** The device that started it, to which its rounds are bound. */
  readonly device: string | null
  /** The device to which the even rounds of a join are bound instead. */
  readonly joiningDevice: string | null
  readonly kind: OperationKind
  /** Null once the operation is over: a request may be as long as the message to sign. */
  readonly request: OperationRequest | null
  /** The last round that has a response; 0 before the first. */
  readonly round: number
  /** The sealed sessions; null before the first response and after the last. */
  readonly state: Uint8Array | null
  readonly epoch: number
  readonly expiresAt: Date
  /** The hash of the only request allowed in the next round; null while no session has seen one. */
  readonly leaseHash: Uint8Array | null
  /** When the lease of the process that runs it expires. */
  readonly leaseExpiresAt: Date | null
}

const KEY = 'client_id = $1 and operation_id = $2'

export async function findOperation(db: Queryable, key: OperationKey): Promise<OperationRow | undefined> {
  return selectOperation(db, key, '')
}

/** {@link findOperation}, with its row locked until this transaction ends. */
export async function lockOperation(tx: Queryable, key: OperationKey): Promise<OperationRow | undefined> {
  return selectOperation(tx, key, 'for update')
}

async function selectOperation(db: Queryable, { clientId, operationId }: OperationKey, lock: '' | 'for update') {
  const [row] = await db.query(`select * from reshare_operations where ${KEY} ${lock}`, [clientId, operationId])
  return row && operationRow(row)
}

const readOperation = rowDecoder(
  pick(
    tables.reshare_operations,
    ...(['device', 'joining_device', 'kind', 'request', 'round', 'state', 'epoch'] as const),
    ...(['expires_at', 'lease_hash', 'lease_expires_at'] as const),
  ),
)

/** Reads a row of all columns. */
export function operationRow(row: Row): OperationRow {
  const operation = readOperation(row)
  return { ...operation, request: JSON.parse(operation.request ?? 'null') as OperationRequest | null }
}

/** An operation to be added, with its first request. */
export interface NewOperation extends CalledOperation {
  readonly request: OperationRequest
  readonly requestHash: RequestHash
  /** What it adds to counters of the policy. Default: nothing. */
  readonly reservations?: readonly Reservation[]
  /** The approval that it uses. Default: it needs none. */
  readonly approvalId?: string | null
  /** Whether it was counted by its rate before. Default: it is not counted yet. */
  readonly isCharged?: boolean
  /** The lease of its first round, for this process. Default: none. */
  readonly token?: Uint8Array
}

/**
 * An operation that was added, and how many other operations of its set, or other generations of its client, are open; each as
 * many as it counts.
 */
export interface AddedOperation {
  readonly epoch: number
  readonly expiresAt: Date
  readonly othersOpen: number
  /** When the first of them expires. */
  readonly opensAt: Date | null
}

const readAdded = rowDecoder({
  ...pick(tables.reshare_operations, 'epoch', 'expires_at'),
  others_open: int,
  opens_at: nullable(time),
})

/**
 * Adds an operation, unless it exists or is decided, or a device of it is revoked. Operations that begin at the same time are
 * counted exactly only if the caller has locked the client by {@link lockClient}.
 *
 * @returns undefined if it was not added
 */
export async function insertOperation(
  context: ServerContext,
  db: Queryable,
  { clientId, operationId, device, request, requestHash, token }: NewOperation,
): Promise<AddedOperation | undefined> {
  const expiry = timestamp(context, context.limits.operationMs)
  const setId = 'setId' in request ? request.setId : null
  const [added] = await db.query(
    `with others as (
       select coalesce(sum(counts_as), 0)::int as count, min(expires_at) as opens_at from reshare_operations open
       where client_id = $1 and operation_id <> $2 and (state is not null or round = 0) and expires_at > $9
         and set_id is not distinct from $4 and not exists
         (select 1 from reshare_decisions decided
          where decided.client_id = open.client_id and decided.operation_id = open.operation_id)
     )
     insert into reshare_operations (client_id, operation_id, request, set_id, device, kind, round, epoch, lease_hash,
       expires_at, lease_token, lease_expires_at, joining_device, counts_as)
     select $1, $2, $3, $4, $7, $8, 0, number, $5, $6, $10, $11, $12, $13 from reshare_meta
     where name = 'epoch' and not exists (select 1 from reshare_decisions where ${KEY}) and not exists
       (select 1 from reshare_devices where client_id = $1 and device in ($7, $12) and revoked_at is not null)
     on conflict (client_id, operation_id) do nothing
     returning epoch, expires_at, (select count from others) as others_open,
       (select opens_at from others) as opens_at`,
    [
      clientId,
      operationId,
      JSON.stringify(storedRequest(request)),
      setId,
      requestHash.bytes,
      expiry,
      device,
      request.kind,
      timestamp(context),
      token ?? null,
      token === undefined ? null : timestamp(context, context.limits.roundMs),
      joiningDeviceOf(request),
      countsAs(request).count,
    ],
  )
  return added && readAdded(added)
}

/** The device that sends the even rounds of a join; null for every other operation. */
export function joiningDeviceOf(request: OperationRequest): string | null {
  return request.kind === 'join' ? request.joiningDeviceId : null
}

/** An authorization is judged on arrival and never stored. */
export function storedRequest(request: OperationRequest): OperationRequest {
  return isAuthorized(request) ? { ...request, authorization: '' } : request
}

/** Records a decision unless there is one. An operation has one row of decisions, so COMMIT and ABORT cannot both exist. */
export async function recordDecision(
  context: ServerContext,
  tx: Queryable,
  { clientId, operationId }: OperationKey,
  decision: Decision['decision'],
): Promise<Decision['decision']> {
  const [row] = await tx.query(
    `insert into reshare_decisions (client_id, operation_id, decision, decided_at, device, joining_device)
     select $1, $2, $3, $4, device, joining_device
     from (select $1::text as client_id, $2::text as operation_id) ended
       left join reshare_operations using (client_id, operation_id)
     on conflict (client_id, operation_id) do nothing returning decision`,
    [clientId, operationId, decision, timestamp(context)],
  )
  return row === undefined ? requireDecision(tx, { clientId, operationId }) : decision
}

/**
 * Decides an operation that was not started, so that it never will be. Does nothing if another request has started it.
 */
export async function decideUnstarted(
  context: ServerContext,
  { clientId, operationId, device }: CalledOperation,
  decision: Decision['decision'],
): Promise<void> {
  const work = async (tx: Queryable): Promise<void> => {
    await lockClient(tx, clientId)
    await tx.query(
      `insert into reshare_decisions (client_id, operation_id, decision, decided_at, device)
       select $1, $2, $3, $4, $5
       where not exists (select 1 from reshare_operations where ${KEY})
       on conflict (client_id, operation_id) do nothing`,
      [clientId, operationId, decision, timestamp(context), device],
    )
  }
  await context.turns.take(turnOfClient(clientId), () => context.database.transaction(work, 'read committed'))
}

async function requireDecision(db: Queryable, key: OperationKey): Promise<Decision['decision']> {
  const decision = await findDecision(db, key)
  if (decision === undefined) throw notAuthorized()
  return decision
}

const readDevices = rowDecoder(pick(tables.reshare_operations, 'device', 'joining_device'))

/** @throws {AUTH_FAILED} if the operation belongs to other devices */
export async function requireTakesPart(
  tx: Queryable,
  { clientId, operationId, device }: CalledOperation,
): Promise<void> {
  const rows = await tx.query(
    `select device, joining_device from reshare_operations where ${KEY}
     union select device, joining_device from reshare_decisions where ${KEY}`,
    [clientId, operationId],
  )
  for (const row of rows) {
    if (!takesPart(readDevices(row), { device })) throw notAuthorized()
  }
}

/** The devices of an operation. */
type Devices = Pick<OperationRow, 'device' | 'joiningDevice'>

/** The device that sends a round; null for any. */
export function deviceOfRound({ device, joiningDevice }: Devices, round: number): string | null {
  return isJoiningRound(round) ? (joiningDevice ?? device) : device
}

/** Whether a device sends rounds of an operation. */
export function takesPart({ device, joiningDevice }: Devices, caller: Pick<Caller, 'device'>): boolean {
  return canAccess({ device }, caller) || (joiningDevice !== null && joiningDevice === caller.device)
}
