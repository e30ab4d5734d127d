import type { Decision, OperationRequest } from '../../api/operations.ts'
import { MpcError } from '../../errors.ts'
import { isFor, type Caller } from '../caller.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable, Row } from '../database/types.ts'
import { notAuthorized } from '../sets/rows.ts'

/** Names one operation: ids are the client's own choice, so they mean nothing without it. */
export interface OperationKey {
  readonly clientId: string
  readonly operationId: string
}

/** An operation, and who asks for something about it. */
export interface CalledOperation extends OperationKey, Caller {}

/** An operation between two of its rounds. */
export interface OperationRow {
  /** The device that has begun it, to which all its rounds are bound. */
  readonly device: string | null
  readonly kind: OperationRequest['kind']
  /** Null once the operation is over: it may be as long as the message that it has signed. */
  readonly request: OperationRequest | null
  /** The last round that was answered; 0 before the first. */
  readonly round: number
  /** The sealed sessions; null before the first answer and after the last. */
  readonly state: Uint8Array | null
  readonly incarnation: number
  readonly expiresAt: Date
  /** The hash of the only request that may be played next; null while no session has seen one. */
  readonly claimHash: Uint8Array | null
  /** Until when a process that plays it has it to itself. */
  readonly claimUntil: Date | null
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

function operationRow(row: Row): OperationRow {
  return {
    device: row['device'] as string | null,
    kind: row['kind'] as OperationRow['kind'],
    request: JSON.parse((row['request'] as string | null) ?? 'null') as OperationRow['request'],
    round: row['round'] as number,
    state: row['state'] as Uint8Array | null,
    incarnation: row['incarnation'] as number,
    expiresAt: row['expires_at'] as Date,
    claimHash: row['claim_hash'] as Uint8Array | null,
    claimUntil: row['claim_until'] as Date | null,
  }
}

/**
 * Adds an operation for exactly one first request, unless it is decided; one that is there stays as it is. To be called by
 * whoever has locked the client, as by {@link lockClient}.
 *
 * @returns whether it was added
 */
export async function insertOperation(
  context: ServerContext,
  db: Queryable,
  { clientId, operationId, device }: CalledOperation,
  request: OperationRequest,
  requestHash: RequestHash,
): Promise<boolean> {
  const expiry = timestamp(context, context.limits.operationMs)
  const setId = request.kind === 'generate' ? null : request.setId
  const added = await db.query(
    `insert into reshare_operations
       (client_id, operation_id, request, set_id, device, kind, round, incarnation, claim_hash, expires_at)
     select $1, $2, $3, $4, $7, $8, 0, number, $5, $6 from reshare_meta
     where name = 'incarnation' and not exists (select 1 from reshare_decisions where ${KEY})
     on conflict (client_id, operation_id) do nothing returning 1`,
    [
      clientId,
      operationId,
      JSON.stringify(storedRequest(request)),
      setId,
      requestHash.bytes,
      expiry,
      device,
      request.kind,
    ],
  )
  return added.length > 0
}

/** The authorisation of an export is judged when it arrives, and never stored. */
function storedRequest(request: OperationRequest): OperationRequest {
  return request.kind === 'export' ? { ...request, authorization: '' } : request
}

export async function findDecision(db: Queryable, key: OperationKey): Promise<Decision['decision'] | undefined> {
  const [row] = await db.query(`select decision from reshare_decisions where ${KEY}`, [key.clientId, key.operationId])
  return row?.['decision'] as Decision['decision'] | undefined
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

/** Decides an operation that has not begun, so that it never will. One that has, by another request at once, goes on. */
export async function decideUnbegun(
  context: ServerContext,
  { clientId, operationId, device }: CalledOperation,
  decision: Decision['decision'],
): Promise<void> {
  await context.database.transaction(async (tx) => {
    await lockClient(tx, clientId)
    await tx.query(
      `insert into reshare_decisions (client_id, operation_id, decision, decided_at, device)
       select $1, $2, $3, $4, $5
       where not exists (select 1 from reshare_operations where ${KEY})
       on conflict (client_id, operation_id) do nothing`,
      [clientId, operationId, decision, timestamp(context), device],
    )
  }, 'read committed')
}

/**
 * Holds what a client begins until this transaction ends. In one that is read committed, what follows sees all that others
 * have begun, or decided before it began.
 */
export async function lockClient(tx: Queryable, clientId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`reshare client ${clientId}`])
}

async function requireDecision(db: Queryable, key: OperationKey): Promise<Decision['decision']> {
  const decision = await findDecision(db, key)
  if (decision === undefined) throw notAuthorized()
  return decision
}

/** The hash of a request as this server stores it, and whether one stored under another of its master keys is the same. */
export interface RequestHash {
  readonly bytes: Uint8Array
  matches(this: void, stored: Uint8Array): boolean
}

/**
 * What stands for the bytes of a request, so that only the same request gets the same answer. A plain hash would be a check
 * value for guesses at the authorisation of an export.
 */
export function hashRequest({ sealer }: ServerContext, body: Uint8Array): RequestHash {
  return { bytes: sealer.fingerprint(body), matches: (stored) => sealer.isFingerprint(stored, body) }
}

/** What has become of an operation, as far as one of its rounds is concerned. */
interface Outcome {
  /** The stored answer to the round, for exactly the request that it answered. */
  readonly answer?: Uint8Array
  /** Whether the round was begun, with this request. */
  readonly begun: boolean
  readonly decided: boolean
}

/**
 * Looks an operation up before anything is done about it.
 *
 * @throws {AUTH_FAILED} if another device has begun it
 * @throws {PROTOCOL_ABORTED} if the round was played, or begun, with another request
 */
export async function findOutcome(
  { sealer }: ServerContext,
  db: Queryable,
  key: CalledOperation,
  round: number,
  requestHash: RequestHash,
): Promise<Outcome> {
  const [row] = await db.query(
    `select coalesce(operation.device, decided.device) as device, decision, request_hash, sealed,
       case when operation.round + 1 = $3 then claim_hash end as claim_hash
     from (select $1::text as client_id, $2::text as operation_id) asked
       left join reshare_operations operation using (client_id, operation_id)
       left join reshare_decisions decided using (client_id, operation_id)
       left join reshare_answers answer on answer.client_id = asked.client_id
         and answer.operation_id = asked.operation_id and answer.round = $3`,
    [key.clientId, key.operationId, round],
  )
  const { device, decision, request_hash: answered, sealed, claim_hash: claimed } = row as Row
  if (!isFor({ device: device as string | null }, key)) throw notAuthorized()
  const decided = decision !== null
  const begun = claimed !== null
  const known = (answered ?? claimed) as Uint8Array | null
  if (known !== null && !requestHash.matches(known)) throw otherRequest(round)
  if (answered === null) return { begun, decided }
  return { answer: sealer.open(answerPlace(key, round), sealed as Uint8Array), begun, decided }
}

/** @throws {AUTH_FAILED} if another device has begun the operation */
export async function requireBegunBy(tx: Queryable, { clientId, operationId, device }: CalledOperation): Promise<void> {
  const rows = await tx.query(
    `select device from reshare_operations where ${KEY} union select device from reshare_decisions where ${KEY}`,
    [clientId, operationId],
  )
  if (!rows.every((row) => isFor({ device: row['device'] as string | null }, { device }))) throw notAuthorized()
}

export async function insertAnswer(
  { sealer }: ServerContext,
  tx: Queryable,
  key: OperationKey,
  round: number,
  requestHash: RequestHash,
  answer: Uint8Array,
): Promise<void> {
  await tx.query(
    `insert into reshare_answers (client_id, operation_id, round, request_hash, sealed) values ($1, $2, $3, $4, $5)`,
    [key.clientId, key.operationId, round, requestHash.bytes, sealer.seal(answerPlace(key, round), answer)],
  )
}

export function otherRequest(round: number): MpcError {
  return new MpcError('PROTOCOL_ABORTED', `round ${round} of this operation was played with another message`)
}

function answerPlace({ clientId, operationId }: OperationKey, round: number) {
  return { purpose: 'answer', clientId, row: `${operationId}/${round}` } as const
}
