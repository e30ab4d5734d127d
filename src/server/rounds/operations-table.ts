import type { Decision, OperationKind, OperationRequest } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import { canAccess, type CalledOperation, type OperationKey } from '../access/caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { findDecision } from '../operations/decision.ts'
import { isAuthorized } from '../operations/definitions.ts'
import { turnOfClient } from './turns.ts'
import type { SourceSet } from '../operations/round.ts'
import { notAuthorized, setRow } from '../sets/sets-table.ts'
import { EPOCH } from '../epoch.ts'
import { GENESIS } from '../audit/entry.ts'
import type { KnownHead } from '../audit/log.ts'
import type { RequestHash } from './request-hash.ts'

/** An operation between two of its rounds. */
export interface OperationRow {
  /** The device that started it, to which all its rounds are bound. */
  readonly device: string | null
  readonly kind: OperationKind
  /** Null once the operation is over: it may be as long as the message that it has signed. */
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

/** {@link findOperation}, as it is once nobody else changes it, and held until this transaction ends. */
export async function lockOperation(tx: Queryable, key: OperationKey): Promise<OperationRow | undefined> {
  return selectOperation(tx, key, 'for update')
}

async function selectOperation(db: Queryable, { clientId, operationId }: OperationKey, lock: '' | 'for update') {
  const [row] = await db.query(`select * from reshare_operations where ${KEY} ${lock}`, [clientId, operationId])
  return row && operationRow(row)
}

/** A row of all columns. */
export function operationRow(row: Row): OperationRow {
  return {
    device: row['device'] as string | null,
    kind: row['kind'] as OperationRow['kind'],
    request: JSON.parse((row['request'] as string | null) ?? 'null') as OperationRow['request'],
    round: row['round'] as number,
    state: row['state'] as Uint8Array | null,
    epoch: row['epoch'] as number,
    expiresAt: row['expires_at'] as Date,
    leaseHash: row['lease_hash'] as Uint8Array | null,
    leaseExpiresAt: row['lease_expires_at'] as Date | null,
  }
}

/** An operation to be added, for exactly one first request. */
export interface NewOperation extends CalledOperation {
  readonly request: OperationRequest
  readonly requestHash: RequestHash
  /** The lease of its first round, for this process. Default: none. */
  readonly token?: Uint8Array
}

/** An operation that was added, and how many others of its set, or of generations, of its client, are under way. */
export interface AddedOperation {
  readonly epoch: number
  readonly expiresAt: Date
  readonly othersOpen: number
  /** When the first of them expires. */
  readonly opensAt: Date | null
}

/**
 * Adds an operation, unless it is decided or its device revoked; one that is there stays as it is. Of those that begin at once each counts the
 * others only if the caller has locked the client, as by {@link lockClient}.
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
       select count(*)::int as count, min(expires_at) as opens_at from reshare_operations open
       where client_id = $1 and operation_id <> $2 and (state is not null or round = 0) and expires_at > $9
         and set_id is not distinct from $4 and not exists
         (select 1 from reshare_decisions decided
          where decided.client_id = open.client_id and decided.operation_id = open.operation_id)
     )
     insert into reshare_operations (client_id, operation_id, request, set_id, device, kind, round, epoch, lease_hash,
       expires_at, lease_token, lease_expires_at)
     select $1, $2, $3, $4, $7, $8, 0, number, $5, $6, $10, $11 from reshare_meta
     where name = 'epoch' and not exists (select 1 from reshare_decisions where ${KEY}) and not exists
       (select 1 from reshare_devices where client_id = $1 and device = $7 and revoked_at is not null)
     on conflict (client_id, operation_id) do nothing
     returning epoch, expires_at, (select count from others) as count, (select opens_at from others) as opens_at`,
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
    ],
  )
  return (
    added && {
      epoch: added['epoch'] as number,
      expiresAt: added['expires_at'] as Date,
      othersOpen: added['count'] as number,
      opensAt: added['opens_at'] as Date | null,
    }
  )
}

/** An authorization is judged on arrival and never stored. */
export function storedRequest(request: OperationRequest): OperationRequest {
  return isAuthorized(request) ? { ...request, authorization: '' } : request
}

/** Records a decision unless there is one; one key holds one decision, so COMMIT and ABORT cannot both exist. */
export async function recordDecision(
  context: ServerContext,
  tx: Queryable,
  { clientId, operationId }: OperationKey,
  decision: Decision['decision'],
): Promise<Decision['decision']> {
  const [row] = await tx.query(
    `insert into reshare_decisions (client_id, operation_id, decision, decided_at, device)
     values ($1, $2, $3, $4, (select device from reshare_operations where client_id = $1 and operation_id = $2))
     on conflict (client_id, operation_id) do nothing returning decision`,
    [clientId, operationId, decision, timestamp(context)],
  )
  return row === undefined ? requireDecision(tx, { clientId, operationId }) : decision
}

/**
 * Decides an operation that has not begun, so that it never will. One that has, by another request at once, goes on.
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

/**
 * Holds what a client begins until this transaction ends. In one that is read committed, what follows sees all that
 * others have begun, or decided before it began.
 */
export async function lockClient(tx: Queryable, clientId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`reshare client ${clientId}`])
}

async function requireDecision(db: Queryable, key: OperationKey): Promise<Decision['decision']> {
  const decision = await findDecision(db, key)
  if (decision === undefined) throw notAuthorized()
  return decision
}

/** What is known of a round when its request arrives. */
export interface RoundStatus {
  /** The stored response, for exactly the request that it belongs to. */
  readonly response?: Uint8Array
  /** Whether the round was started with this request. */
  readonly begun: boolean
  readonly decided: boolean
  /** The set that the operation names, if the client has it. */
  readonly source?: SourceSet | undefined
  /** The end of the client's log. */
  readonly auditHead?: KnownHead
}

/** A request for a round. */
export interface RoundQuery extends CalledOperation {
  readonly round: number
  readonly requestHash: RequestHash
  /** The set that a first request names. Default: the one of the operation, if it has begun. */
  readonly setId?: string | null
}

/**
 * Looks a round up before anything is done about it.
 *
 * @throws {AUTH_FAILED} if another device has begun the operation
 * @throws {PROTOCOL_ABORTED} if the round was run, or begun, with another request
 */
export async function findRoundStatus(
  { database, sealer }: ServerContext,
  { round, requestHash, setId = null, ...key }: RoundQuery,
): Promise<RoundStatus> {
  const [row] = await database.query(
    `select coalesce(operation.device, decided.device) as begun_by, decision, request_hash, response.sealed as response,
       case when operation.round + 1 = $3 then lease_hash end as lease_hash, share.sealed as share, source.*,
       case when source.purpose = 'backup' and $3 = 1 then
         (select count(*)::int from reshare_sets held where held.client_id = source.client_id
            and held.wallet_id = source.wallet_id and held.purpose = 'signing' and held.state = 'ACTIVE')
       end as signing_sets, head.sequence as log_sequence, head.hash as log_hash, ${EPOCH} as epoch
     from (select $1::text as client_id, $2::text as operation_id) asked
       left join reshare_operations operation using (client_id, operation_id)
       left join reshare_decisions decided using (client_id, operation_id)
       left join reshare_responses response on response.client_id = asked.client_id
         and response.operation_id = asked.operation_id and response.round = $3
       left join reshare_sets source on source.client_id = asked.client_id
         and source.set_id = coalesce($4, operation.set_id)
       left join reshare_shares share on share.set_id = source.set_id
       left join reshare_audit_heads head on head.client_id = asked.client_id`,
    [key.clientId, key.operationId, round, setId],
  )
  const { begun_by: device, decision, request_hash: answeredHash, response, lease_hash: leaseHash } = row as Row
  if (!canAccess({ device: device as string | null }, key)) throw notAuthorized()
  const decided = decision !== null
  const begun = leaseHash !== null
  const knownHash = (answeredHash ?? leaseHash) as Uint8Array | null
  if (knownHash !== null && !requestHash.matches(knownHash)) throw otherRequest(round)
  if (answeredHash === null) return { begun, decided, source: sourceSet(row as Row), auditHead: knownHead(row as Row) }
  return { response: sealer.open(responseContext(key, round), response as Uint8Array), begun, decided }
}

function knownHead(row: Row): KnownHead {
  const { log_sequence: sequence, log_hash: hash, epoch } = row
  const known = { sequence: (sequence ?? 0) as number, hash: (hash ?? GENESIS) as Uint8Array }
  return { ...known, epoch: epoch as number }
}

function sourceSet(row: Row): SourceSet | undefined {
  return row['set_id'] === null
    ? undefined
    : {
        set: setRow(row),
        share: row['share'] as Uint8Array | null,
        signingSets: row['signing_sets'] as number | null,
      }
}

/** @throws {AUTH_FAILED} if another device has begun the operation */
export async function requireBegunBy(tx: Queryable, { clientId, operationId, device }: CalledOperation): Promise<void> {
  const rows = await tx.query(
    `select device from reshare_operations where ${KEY} union select device from reshare_decisions where ${KEY}`,
    [clientId, operationId],
  )
  if (!rows.every((row) => canAccess({ device: row['device'] as string | null }, { device }))) throw notAuthorized()
}

/** The response to a round, with the request that it belongs to. */
export interface RoundResponse extends OperationKey {
  readonly round: number
  readonly requestHash: RequestHash
  readonly response: Uint8Array
}

export async function insertResponse(
  context: ServerContext,
  tx: Queryable,
  { round, requestHash, response, ...key }: RoundResponse,
): Promise<void> {
  await tx.query(
    `insert into reshare_responses (client_id, operation_id, round, request_hash, sealed) values ($1, $2, $3, $4, $5)`,
    [key.clientId, key.operationId, round, requestHash.bytes, sealResponse(context, key, round, response)],
  )
}

export function sealResponse(
  { sealer }: ServerContext,
  key: OperationKey,
  round: number,
  response: Uint8Array,
): Uint8Array {
  return sealer.seal(responseContext(key, round), response)
}

export function otherRequest(round: number): MpcError {
  return new MpcError('PROTOCOL_ABORTED', `round ${round} of this operation was run with another message`)
}

function responseContext({ clientId, operationId }: OperationKey, round: number) {
  return { purpose: 'answer', clientId, row: `${operationId}/${round}` } as const
}
