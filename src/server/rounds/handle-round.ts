import { isProven } from '../../wire/operation-definitions.ts'
import { decodeRoundBody, encodeRoundBody, type RoundBody } from '../../wire/round-body.ts'
import { BadRequest } from '../../service/http.ts'
import type { OperationRequest } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import { wipe } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import { requireUnrevoked } from '../devices/devices-table.ts'
import { namedSetId, parseEmptyHeader, parseOperation } from './requests.ts'
import { authorizeOperation, verifyOpening } from './admission.ts'
import {
  finishRound,
  leaseRound,
  decideRound,
  resetRound,
  operationEnded,
  releaseRound,
  type Lease,
  type LeasedRound,
} from './lease.ts'
import { abortOperation, recordAbort } from './decisions.ts'
import { blamesClient, isFinal, isRejectedBeforeAdvance } from './failures.ts'
import { definitionOf } from '../operations/definitions.ts'
import { isOneRound, runOneRound } from './one-round.ts'
import { chargeOperation, countFailure, countsFailures } from './rates.ts'
import {
  decideUnstarted,
  findOperation,
  findRoundStatus,
  insertResponse,
  insertOperation,
  lockClient,
  storedRequest,
  type AddedOperation,
  type OperationRow,
  type RoundStatus,
} from './operations-table.ts'
import { turnOfClient, turnOfSet } from './turns.ts'
import type { Banned, Completion, RoundOutput, RoundInTransaction, SetRequest } from '../operations/round.ts'
import { hashRequest, type RequestHash } from './request-hash.ts'
import { transactOrBan } from './transact-or-ban.ts'
import type { CalledOperation, OperationKey } from '../access/caller.ts'

/**
 * Answers one round of an operation. The same request always gets the same bytes; they leave the server only after they
 * are stored together with the state that they belong to.
 *
 * @param body a flight
 * @returns a flight
 * @throws {BadRequest} if the flight makes no sense; nothing has changed
 * @throws {AUTH_FAILED} if another device has begun the operation
 * @throws {DEVICE_REVOKED} if the caller was revoked meanwhile
 * @throws {PROTOCOL_ABORTED} if a check failed (with the opening proof, nothing was changed), the operation is over, or
 * the round was already run with another message
 * @throws {OPERATION_IN_PROGRESS} if another process is running the round
 * @throws {RATE_LIMITED} if the client may not begin this operation now
 */
export async function handleRound(
  context: ServerContext,
  key: CalledOperation,
  round: number,
  body: Uint8Array,
): Promise<Uint8Array> {
  const roundBody = readRoundBody(body)
  const requestHash = hashRequest(context, body)
  const setId = round === 1 ? namedSetId(roundBody.header) : null
  const found = await findRoundStatus(context, context.database, key, round, requestHash, setId)
  if (found.response !== undefined) return found.response
  if (found.decided) throw operationEnded()

  let begun: LeasedRound | undefined
  if (round === 1) {
    // Generated before a hook is called: what the hook allows may be valid only once.
    const first: Lease = { ...key, round, token: context.random(16) }
    const request = await admitOperation(context, key, roundBody, found)
    const output = await tryOneRound(context, key, request, roundBody, requestHash, found)
    if (output !== undefined) return output
    begun = await startOperation(context, first, request, requestHash)
  } else parseEmptyHeader(roundBody.header)
  const { lease, operation } = begun ?? (await leaseRound(context, key, round, requestHash))
  try {
    requireTimeLeft(context, operation)
    const result = await runRound(context, lease, operation, requestHash, roundBody)
    if ('caught' in result) throw result.caught
    await result.completion?.afterCommit?.().catch(context.onError)
    return result.response
  } catch (error) {
    await failRound(context, lease, operation, error).catch(context.onError)
    throw error
  }
}

function readRoundBody(body: Uint8Array): RoundBody<unknown> {
  try {
    return decodeRoundBody(body)
  } catch (error) {
    if (isCodecError(error)) throw new BadRequest(error.message)
    throw error
  }
}

async function admitOperation(
  context: ServerContext,
  key: CalledOperation,
  { header, messages }: RoundBody<unknown>,
  found: RoundStatus,
): Promise<OperationRequest> {
  const { request, proof } = parseOperation(header, context.limits)
  if (isProven(request)) {
    const { operationId } = key
    await verifyOpening(context.database, key, { operationId, request, messages }, proof, found.named)
  }
  await authorizeOperation(context, key, request, found)
  return request
}

/** @returns undefined where the operation takes the longer way, or goes on with it */
async function tryOneRound(
  context: ServerContext,
  key: CalledOperation,
  request: OperationRequest,
  { messages }: RoundBody<unknown>,
  requestHash: RequestHash,
  { begun, named }: RoundStatus,
): Promise<Uint8Array | undefined> {
  if (begun || named === undefined || !isOneRound(request)) return undefined
  const output = await context.turns.take(turnOfSet(request.setId), () =>
    runOneRound(context, { key, request, messages, requestHash, named }),
  )
  if (output === undefined || 'response' in output) return output?.response
  await endBanned(context, key).catch(context.onError)
  throw output.caught
}

/** Has the same request hear the same again: also where the ban had to be written by itself, and nothing has begun. */
async function endBanned(context: ServerContext, key: CalledOperation): Promise<void> {
  await decideUnstarted(context, key, 'ABORT')
  await recordAbort(context, key)
}

/** @returns the claim of its first round, unless it was there */
async function startOperation(
  context: ServerContext,
  lease: Lease,
  request: OperationRequest,
  requestHash: RequestHash,
): Promise<LeasedRound | undefined> {
  // A device that is revoked at this very moment may begin what no round is stored of any more.
  const work = async (tx: Queryable): Promise<LeasedRound | undefined> => {
    await requireUnrevoked(tx, lease)
    await lockClient(tx, lease.clientId)
    const added = await insertOperation(context, tx, lease, request, requestHash, lease.token)
    if (added === undefined) {
      // Neither added nor there: it was decided, since the caller looked, that it never begins.
      if ((await findOperation(tx, lease)) === undefined) throw operationEnded()
      return undefined
    }
    await chargeOperation(context, tx, lease.clientId, request, added)
    await context.audit.record(tx, lease.clientId, definitionOf(request).startEvents?.(lease, request) ?? [])
    return { lease, operation: newOperation(lease, request, added) }
  }
  return context.turns.take(turnOfClient(lease.clientId), () => context.database.transaction(work, 'read committed'))
}

/** An operation as its row says that was just added. */
function newOperation(
  { device }: CalledOperation,
  request: OperationRequest,
  { epoch, expiresAt }: AddedOperation,
): OperationRow {
  const none = { state: null, leaseHash: null, leaseExpiresAt: null }
  return { ...none, device, kind: request.kind, request: storedRequest(request), round: 0, epoch, expiresAt }
}

async function runRound(
  context: ServerContext,
  lease: Lease,
  operation: OperationRow,
  requestHash: RequestHash,
  { messages }: RoundBody<unknown>,
): Promise<StoredRound | Banned> {
  const { request, epoch, device } = operation
  // Aborted since the caller looked: its request is gone, and without its state a later round would be played as a first one.
  if (request === null || (lease.round > 1 && operation.state === null)) throw operationEnded()
  const place = sessionContext(lease, lease.round, epoch)
  const state = operation.state === null ? undefined : context.sealer.open(place, operation.state)
  try {
    const { clientId, operationId, round } = lease
    const input = { clientId, operationId, device, round, request, messages, epoch, state }
    const output = await definitionOf(request).handle(context, input)
    return await storeOutput(context, lease, operation, requestHash, output)
  } finally {
    wipe(state)
  }
}

/** A stored response, and the completion that was committed with it. */
interface StoredRound {
  readonly response: Uint8Array
  readonly completion: Completion | undefined
}

async function storeOutput(
  context: ServerContext,
  lease: Lease,
  { request, epoch }: OperationRow,
  requestHash: RequestHash,
  output: RoundOutput | RoundInTransaction,
): Promise<StoredRound | Banned> {
  const seal = ({ state }: RoundOutput): Uint8Array | null => {
    if (state === undefined) return null
    const sealed = context.sealer.seal(sessionContext(lease, lease.round + 1, epoch), state)
    wipe(state)
    return sealed
  }
  if (typeof output !== 'function') {
    const sealed = seal(output)
    return context.database.transaction((tx) => storeInTransaction(context, tx, lease, requestHash, output, sealed))
  }
  const set = { clientId: lease.clientId, setId: (request as SetRequest).setId }
  const work = async (tx: Queryable): Promise<StoredRound | Banned> => {
    const inside = await output(tx)
    return 'caught' in inside ? inside : storeInTransaction(context, tx, lease, requestHash, inside, seal(inside))
  }
  return context.turns.take(turnOfSet(set.setId), () => transactOrBan(context, set, work))
}

async function storeInTransaction(
  context: ServerContext,
  tx: Queryable,
  lease: Lease,
  requestHash: RequestHash,
  { messages, writes, completion }: RoundOutput,
  sealed: Uint8Array | null,
): Promise<StoredRound> {
  if (completion === undefined) {
    const response = encodeRoundBody({ header: {}, messages })
    await finishRound(context, tx, lease, sealed, requestHash, response)
    await writes?.(tx)
    return { response, completion }
  }
  await decideRound(context, tx, lease, completion.decision)
  await writes?.(tx)
  const response = encodeRoundBody({ header: await completion.apply(tx), messages })
  await insertResponse(context, tx, lease, lease.round, requestHash, response)
  return { response, completion }
}

/** After a failed check an operation is over; after any other failure the same request may be repeated. */
async function failRound(
  context: ServerContext,
  lease: Lease,
  { kind, request }: OperationRow,
  error: unknown,
): Promise<void> {
  if (isRejectedBeforeAdvance(error)) await resetRound(context.database, lease)
  else if (countsFailures(kind) && blamesClient(error)) {
    await abortOperation(context, lease, (tx) => countFailure(context, tx, lease, request as SetRequest))
  } else if (isFinal(error)) await abortOperation(context, lease)
  else await releaseRound(context.database, lease)
}

function requireTimeLeft(context: ServerContext, operation: OperationRow): void {
  if (context.now() < operation.expiresAt.getTime()) return
  throw new MpcError('PROTOCOL_ABORTED', 'the operation has expired; start it again')
}

/** Session state can be opened only for its round, in the epoch that sealed it. */
function sessionContext({ clientId, operationId }: OperationKey, round: number, epoch: number) {
  return { purpose: 'session', clientId, row: `${operationId}/${round}/${epoch}` } as const
}
