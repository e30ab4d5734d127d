import { isProven } from '../../wire/operation-definitions.ts'
import { decodeRoundBody, type RoundBody } from '../../wire/round-body.ts'
import { assertVersion, ROUND_BODY_VERSIONS } from '../../wire/versions.ts'
import { BadRequest } from '../../service/http.ts'
import type { OperationKind } from '../../wire/operations.ts'
import { isMpcError } from '../../errors.ts'
import { isCodecError } from '../../util/codec.ts'
import type { CalledOperation } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import { lockClient, turnOfClient } from '../lock-client.ts'
import { requireMayJoin, requireUnrevoked } from '../devices/devices-table.ts'
import { definitionOf } from '../operations/definitions.ts'
import { authorizeOperation, verifyOpening, type Admission } from './admission.ts'
import { recordAbort } from './decisions.ts'
import { inProgress, leaseRound, operationEnded, type Lease, type LeasedRound } from './lease.ts'
import { isOneRound, runOneRound } from './one-round.ts'
import {
  decideUnstarted,
  findOperation,
  insertOperation,
  joiningDeviceOf,
  storedRequest,
  type AddedOperation,
  type NewOperation,
  type OperationRow,
} from './operations-table.ts'
import { chargeOperation } from './rates.ts'
import { reserve, useApprovalOf } from './reservations.ts'
import { hashRequest } from './request-hash.ts'
import { namedSetId, parseEmptyHeader, parseOperation } from './requests.ts'
import { runLeasedRound } from './run-round.ts'
import { endExpiredOf } from '../sets/expiry.ts'
import { turnOfSet } from './turns.ts'
import { findRoundStatus, type RoundStatus } from './round-status.ts'

/** A request for a round. */
export interface RoundRequest {
  /** From 1. */
  readonly round: number
  /** As `encodeRoundBody` makes it. */
  readonly body: Uint8Array
  /** Called with the kind of the operation once that is known; not for a stored response. */
  readonly onKind?: (kind: OperationKind) => void
}

/**
 * Handles one round of an operation. The same request always gets the same bytes. They leave the server only after they
 * are stored, together with the state that they belong to.
 *
 * @returns the body of the response
 * @throws {BadRequest} if the body is malformed; nothing has changed
 * @throws {AUTH_FAILED} if it is a round of another device
 * @throws {DEVICE_REVOKED} if the caller was revoked in the meantime, or a device is to join that was revoked
 * @throws {PROTOCOL_ABORTED} if a check failed (with the opening proof, nothing was changed), the operation is over, or
 * the round was already run with another message
 * @throws {OPERATION_IN_PROGRESS} if another process is running the round
 * @throws {APPROVAL_REQUIRED} if the operation has to wait
 * @throws {RATE_LIMITED} if the client may not begin this operation now
 * @throws {SET_EXPIRED} if the time of the set is over; the set has ended
 */
export async function handleRound(
  context: ServerContext,
  key: CalledOperation,
  request: RoundRequest,
): Promise<Uint8Array> {
  try {
    return await runRound(context, key, request)
  } catch (error) {
    // Whatever the clock says later, a set that was refused once for its time stays refused.
    if (isMpcError(error, 'SET_EXPIRED')) await endExpiredOf(context, key.clientId).catch(context.onError)
    throw error
  }
}

async function runRound(
  context: ServerContext,
  key: CalledOperation,
  { round, body, onKind = () => undefined }: RoundRequest,
): Promise<Uint8Array> {
  const roundBody = readRoundBody(body)
  const requestHash = hashRequest(context, body)
  const setId = round === 1 ? namedSetId(roundBody.header) : null
  const status = await findRoundStatus(context, { ...key, round, requestHash, setId })
  if (status.response !== undefined) return status.response
  if (status.decided) throw operationEnded()
  // Copies of a request that is being played are neither decoded nor judged.
  if (status.isRunning) throw inProgress()

  let started: LeasedRound | undefined
  if (round === 1) {
    // Generated before a hook is called: what the hook allows may be valid only once.
    const token = context.random(16)
    const admitted = await admitOperation(context, key, { ...roundBody, onKind }, status)
    const operation = { ...key, ...admitted, requestHash, token }
    const response = await tryOneRound(context, operation, roundBody, status)
    if (response !== undefined) return response
    started = await startOperation(context, operation, status)
  } else parseEmptyHeader(roundBody.header)
  const { lease, operation } = started ?? (await leaseRound(context, key, round, requestHash))
  onKind(operation.kind)
  const { messages } = roundBody
  const { source, auditHead } = status
  return runLeasedRound({ context, lease, requestHash }, operation, { messages, source, auditHead })
}

function readRoundBody(body: Uint8Array): RoundBody<unknown> {
  assertVersion(body, ROUND_BODY_VERSIONS)
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
  { header, messages, onKind }: RoundBody<unknown> & Required<Pick<RoundRequest, 'onKind'>>,
  status: RoundStatus,
): Promise<Pick<NewOperation, 'request'> & Admission> {
  const { request, proof } = parseOperation(header, context.limits)
  onKind(request.kind)
  if (isProven(request)) {
    const { operationId } = key
    await verifyOpening(context, key, { firstRound: { operationId, request, messages }, proof }, status.source)
  }
  return { request, ...(await authorizeOperation(context, key, request, status)) }
}

/** @returns undefined if the round has to be run under a lease */
async function tryOneRound(
  context: ServerContext,
  { request, ...operation }: NewOperation & Pick<Lease, 'token'>,
  { messages }: RoundBody<unknown>,
  { started, source }: RoundStatus,
): Promise<Uint8Array | undefined> {
  if (started || source === undefined || !isOneRound(request)) return undefined
  const result = await context.turns.take(turnOfSet(request.setId), () =>
    runOneRound(context, { ...operation, request, messages, source }),
  )
  if (result === undefined || 'response' in result) return result?.response
  await endBanned(context, operation).catch(context.onError)
  throw result.banned
}

/** Makes a repetition of the request fail in the same way, also if only the ban was written and no operation was started. */
async function endBanned(context: ServerContext, key: CalledOperation): Promise<void> {
  await decideUnstarted(context, key, 'ABORT')
  await recordAbort(context, key)
}

/** @returns the lease of its first round, unless the operation existed */
async function startOperation(
  context: ServerContext,
  operation: NewOperation & Pick<Lease, 'token'>,
  { auditHead }: RoundStatus,
): Promise<LeasedRound | undefined> {
  const { clientId, request, token } = operation
  const work = async (tx: Queryable): Promise<LeasedRound | undefined> => {
    await lockClient(tx, clientId)
    // A device that is revoked at this moment may start an operation, but no round of it is stored.
    const added = await insertOperation(context, tx, operation)
    if (added === undefined) {
      await requireUnrevoked(tx, operation)
      await requireMayJoin(tx, { clientId, device: joiningDeviceOf(request) })
      // Neither added nor found: it was decided, after the caller had looked, that it never begins.
      if ((await findOperation(tx, operation)) === undefined) throw operationEnded()
      return undefined
    }
    await chargeOperation(context, tx, operation, added)
    const { reservations = [] } = operation
    await reserve(context, tx, operation, { reservations, signsWithinMs: context.limits.operationMs })
    const used = await useApprovalOf(context, tx, operation)
    const started = definitionOf(request).startEvents?.(operation, request) ?? []
    await context.audit.record(tx, clientId, [...used, ...started], auditHead)
    return { lease: leaseOf(operation, token), operation: newOperation(operation, added) }
  }
  return context.turns.take(turnOfClient(clientId), () => context.database.transaction(work, 'read committed'))
}

function leaseOf({ clientId, operationId, device }: CalledOperation, token: Uint8Array): Lease {
  return { clientId, operationId, device, round: 1, token }
}

/** The row of an operation that was added just now. */
function newOperation({ device, request }: NewOperation, { epoch, expiresAt }: AddedOperation): OperationRow {
  const none = { state: null, leaseHash: null, leaseExpiresAt: null }
  return {
    ...none,
    device,
    joiningDevice: joiningDeviceOf(request),
    kind: request.kind,
    request: storedRequest(request),
    round: 0,
    epoch,
    expiresAt,
  }
}
