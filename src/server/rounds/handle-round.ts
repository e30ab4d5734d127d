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
  answerRound,
  leaseRound,
  decideRound,
  resetRound,
  over,
  releaseRound,
  type Lease,
  type Claimed,
} from './lease.ts'
import { abortOperation, recordAbort } from './decisions.ts'
import { blamesClient, isFinal, isRejectedBeforeAdvance } from './failures.ts'
import { definitionOf } from '../operations/definitions.ts'
import { isOneRound, playAtOnce } from './one-round.ts'
import { chargeOperation, countFailure, countsFailures } from './rates.ts'
import {
  decideUnstarted,
  findOperation,
  findOutcome,
  insertAnswer,
  insertOperation,
  lockClient,
  storedRequest,
  type AddedOperation,
  type OperationRow,
  type Outcome,
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
  const flight = readRoundBody(body)
  const requestHash = hashRequest(context, body)
  const setId = round === 1 ? namedSetId(flight.header) : null
  const found = await findOutcome(context, context.database, key, round, requestHash, setId)
  if (found.answer !== undefined) return found.answer
  if (found.decided) throw over()

  let begun: Claimed | undefined
  if (round === 1) {
    // Generated before a hook is called: what the hook allows may be valid only once.
    const first: Lease = { ...key, round, token: context.random(16) }
    const request = await admit(context, key, flight, found)
    const played = await tryAtOnce(context, key, request, flight, requestHash, found)
    if (played !== undefined) return played
    begun = await begin(context, first, request, requestHash)
  } else parseEmptyHeader(flight.header)
  const { claim, operation } = begun ?? (await leaseRound(context, key, round, requestHash))
  try {
    requireTimeLeft(context, operation)
    const outcome = await play(context, claim, operation, requestHash, flight)
    if ('caught' in outcome) throw outcome.caught
    await outcome.completion?.afterCommit?.().catch(context.onError)
    return outcome.answer
  } catch (error) {
    await failRound(context, claim, operation, error).catch(context.onError)
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

async function admit(
  context: ServerContext,
  key: CalledOperation,
  { header, messages }: RoundBody<unknown>,
  found: Outcome,
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
async function tryAtOnce(
  context: ServerContext,
  key: CalledOperation,
  request: OperationRequest,
  { messages }: RoundBody<unknown>,
  requestHash: RequestHash,
  { begun, named }: Outcome,
): Promise<Uint8Array | undefined> {
  if (begun || named === undefined || !isOneRound(request)) return undefined
  const played = await context.turns.take(turnOfSet(request.setId), () =>
    playAtOnce(context, { key, request, messages, requestHash, named }),
  )
  if (played === undefined || 'answer' in played) return played?.answer
  await endBanned(context, key).catch(context.onError)
  throw played.caught
}

/** Has the same request hear the same again: also where the ban had to be written by itself, and nothing has begun. */
async function endBanned(context: ServerContext, key: CalledOperation): Promise<void> {
  await decideUnstarted(context, key, 'ABORT')
  await recordAbort(context, key)
}

/** @returns the claim of its first round, unless it was there */
async function begin(
  context: ServerContext,
  claim: Lease,
  request: OperationRequest,
  requestHash: RequestHash,
): Promise<Claimed | undefined> {
  // A device that is revoked at this very moment may begin what no round is stored of any more.
  const work = async (tx: Queryable): Promise<Claimed | undefined> => {
    await requireUnrevoked(tx, claim)
    await lockClient(tx, claim.clientId)
    const added = await insertOperation(context, tx, claim, request, requestHash, claim.token)
    if (added === undefined) {
      // Neither added nor there: it was decided, since the caller looked, that it never begins.
      if ((await findOperation(tx, claim)) === undefined) throw over()
      return undefined
    }
    await chargeOperation(context, tx, claim.clientId, request, added)
    await context.audit.record(tx, claim.clientId, definitionOf(request).startEvents?.(claim, request) ?? [])
    return { claim, operation: newOperation(claim, request, added) }
  }
  return context.turns.take(turnOfClient(claim.clientId), () => context.database.transaction(work, 'read committed'))
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

async function play(
  context: ServerContext,
  claim: Lease,
  operation: OperationRow,
  requestHash: RequestHash,
  { messages }: RoundBody<unknown>,
): Promise<Answered | Banned> {
  const { request, epoch, device } = operation
  // Aborted since the caller looked: its request is gone, and without its state a later round would be played as a first one.
  if (request === null || (claim.round > 1 && operation.state === null)) throw over()
  const place = sessionContext(claim, claim.round, epoch)
  const state = operation.state === null ? undefined : context.sealer.open(place, operation.state)
  try {
    const { clientId, operationId, round } = claim
    const turn = { clientId, operationId, device, round, request, messages, epoch, state }
    const playing = await definitionOf(request).handle(context, turn)
    return await store(context, claim, operation, requestHash, playing)
  } finally {
    wipe(state)
  }
}

/** A stored response, and the completion that was committed with it. */
interface Answered {
  readonly answer: Uint8Array
  readonly completion: Completion | undefined
}

async function store(
  context: ServerContext,
  claim: Lease,
  { request, epoch }: OperationRow,
  requestHash: RequestHash,
  playing: RoundOutput | RoundInTransaction,
): Promise<Answered | Banned> {
  const seal = ({ state }: RoundOutput): Uint8Array | null => {
    if (state === undefined) return null
    const sealed = context.sealer.seal(sessionContext(claim, claim.round + 1, epoch), state)
    wipe(state)
    return sealed
  }
  if (typeof playing !== 'function') {
    const sealed = seal(playing)
    return context.database.transaction((tx) => storeInTransaction(context, tx, claim, requestHash, playing, sealed))
  }
  const set = { clientId: claim.clientId, setId: (request as SetRequest).setId }
  const work = async (tx: Queryable): Promise<Answered | Banned> => {
    const played = await playing(tx)
    return 'caught' in played ? played : storeInTransaction(context, tx, claim, requestHash, played, seal(played))
  }
  return context.turns.take(turnOfSet(set.setId), () => transactOrBan(context, set, work))
}

async function storeInTransaction(
  context: ServerContext,
  tx: Queryable,
  claim: Lease,
  requestHash: RequestHash,
  { messages, writes, completion }: RoundOutput,
  sealed: Uint8Array | null,
): Promise<Answered> {
  if (completion === undefined) {
    const answer = encodeRoundBody({ header: {}, messages })
    await answerRound(context, tx, claim, sealed, requestHash, answer)
    await writes?.(tx)
    return { answer, completion }
  }
  await decideRound(context, tx, claim, completion.decision)
  await writes?.(tx)
  const answer = encodeRoundBody({ header: await completion.apply(tx), messages })
  await insertAnswer(context, tx, claim, claim.round, requestHash, answer)
  return { answer, completion }
}

/** After a failed check an operation is over; after any other failure the same request may be repeated. */
async function failRound(
  context: ServerContext,
  claim: Lease,
  { kind, request }: OperationRow,
  error: unknown,
): Promise<void> {
  if (isRejectedBeforeAdvance(error)) await resetRound(context.database, claim)
  else if (countsFailures(kind) && blamesClient(error)) {
    await abortOperation(context, claim, (tx) => countFailure(context, tx, claim, request as SetRequest))
  } else if (isFinal(error)) await abortOperation(context, claim)
  else await releaseRound(context.database, claim)
}

function requireTimeLeft(context: ServerContext, operation: OperationRow): void {
  if (context.now() < operation.expiresAt.getTime()) return
  throw new MpcError('PROTOCOL_ABORTED', 'the operation has expired; start it again')
}

/** Session state can be opened only for its round, in the epoch that sealed it. */
function sessionContext({ clientId, operationId }: OperationKey, round: number, epoch: number) {
  return { purpose: 'session', clientId, row: `${operationId}/${round}/${epoch}` } as const
}
