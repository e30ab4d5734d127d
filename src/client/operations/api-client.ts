import { parseErrorBody, transportFailure, readFailure } from '../../wire/error-body.ts'
import { decodeRoundBody, encodeRoundBody, ROUND_CONTENT_TYPE, type RoundBody } from '../../wire/round-body.ts'
import type { Approval } from '../../wire/approvals.ts'
import type { DeviceStatus, ListedDevice } from '../../wire/devices.ts'
import type { JoinStatus } from '../../wire/join.ts'
import type { Decision, OperationId, SetStatus } from '../../wire/operations.ts'
import { paths } from '../../wire/paths.ts'
import type { WalletPage } from '../../wire/wallets.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import type { Transport, TransportRequest, TransportResponse } from '../../transport/types.ts'
import { abytes, fromUtf8, utf8 } from '../../util/bytes.ts'
import {
  parseApproval,
  parseApprovals,
  parseDecision,
  parseDevice,
  parseDevices,
  parseJoinStatus,
  parseSets,
  parseSetStatus,
  parseWalletPage,
  unexpectedResponse,
} from './parse-responses.ts'
import type { Deadline } from '../deadline.ts'
import { repeatWhileTransient, type Attempt } from './repeat.ts'
import type { Call, Client } from '../types.ts'

/**
 * Sends one round of an operation.
 *
 * @throws {NETWORK_ERROR} if there was no response
 * @throws {MALFORMED_RESPONSE} if its body is not a round body
 * @throws {MpcError} the server's own code
 */
export async function postRound(
  { client, deadline }: Call,
  operationId: OperationId,
  round: number,
  roundBody: RoundBody<object>,
): Promise<RoundBody<unknown>> {
  const body = encodeRoundBody(roundBody)
  const path = paths.round(operationId, round)
  return sendForRound(client, deadline, { method: 'POST', path, contentType: ROUND_CONTENT_TYPE, body })
}

/** How far a join is, and what one of its rounds has left for this device. */
export async function getJoinRound(
  { client, deadline }: Call,
  operationId: OperationId,
  round: number,
): Promise<RoundBody<JoinStatus>> {
  const path = paths.joinRound(operationId, round)
  const { header, messages } = await sendForRound(client, deadline, { method: 'GET', path })
  return { header: parseJoinStatus(header), messages }
}

/** Aborts an operation unless the server has committed it; the decision is final either way. */
export async function postAbort(client: Client, deadline: Deadline, operationId: OperationId): Promise<Decision> {
  return parseDecision(await sendForJson(client, deadline, { method: 'POST', path: paths.abort(operationId) }))
}

/** Tells the server that the cipherText of a backup set is stored. */
export async function postConfirm(client: Client, deadline: Deadline, setId: string): Promise<SetStatus> {
  return parseSetStatus(await sendForJson(client, deadline, { method: 'POST', path: paths.confirm(setId) }))
}

/** Asks the server to destroy its share of a set. */
export async function postRetire(client: Client, deadline: Deadline, setId: string): Promise<SetStatus> {
  return parseSetStatus(await sendForJson(client, deadline, { method: 'POST', path: paths.retire(setId) }))
}

/** One of the client's sets as the server knows it. */
export async function getSet(client: Client, deadline: Deadline, setId: string): Promise<SetStatus> {
  return parseSetStatus(await sendForJson(client, deadline, { method: 'GET', path: paths.set(setId) }))
}

/** The wallet's sets as the server knows them. */
export async function getSets(client: Client, deadline: Deadline, walletId: string): Promise<SetStatus[]> {
  return parseSets(await sendForJson(client, deadline, { method: 'GET', path: paths.sets(walletId) }))
}

/** A page of the client's wallets as the server knows them; the first one if `after` is null. */
export async function getWallets(client: Client, deadline: Deadline, after: string | null): Promise<WalletPage> {
  return parseWalletPage(await sendForJson(client, deadline, { method: 'GET', path: paths.wallets(after) }))
}

/** The client's devices as the server knows them. */
export async function getDevices(client: Client, deadline: Deadline): Promise<ListedDevice[]> {
  return parseDevices(await sendForJson(client, deadline, { method: 'GET', path: paths.devices }))
}

/** Tells the server to refuse a device's requests from now on. */
export async function postRevoke(client: Client, deadline: Deadline, deviceId: string): Promise<DeviceStatus> {
  return parseDevice(await sendForJson(client, deadline, { method: 'POST', path: paths.revoke(deviceId) }))
}

/** The requests of the client that wait or have waited for an approval. */
export async function getApprovals(client: Client, deadline: Deadline): Promise<Approval[]> {
  return parseApprovals(await sendForJson(client, deadline, { method: 'GET', path: paths.approvals }))
}

/** Approves a request of another device. */
export async function postApprove(client: Client, deadline: Deadline, approvalId: string): Promise<Approval> {
  return parseApproval(await sendForJson(client, deadline, { method: 'POST', path: paths.approve(approvalId) }))
}

/** Denies a request of another device, or cancels one of this device. */
export async function postDeny(client: Client, deadline: Deadline, approvalId: string): Promise<Approval> {
  return parseApproval(await sendForJson(client, deadline, { method: 'POST', path: paths.deny(approvalId) }))
}

/** Posts JSON and returns the JSON of the response, unvalidated. */
export async function postJson(client: Client, deadline: Deadline, path: string, body: object): Promise<unknown> {
  const encoded = utf8(JSON.stringify(body))
  return sendForJson(client, deadline, { method: 'POST', path, contentType: 'application/json', body: encoded })
}

async function sendForRound(
  client: Client,
  deadline: Deadline,
  request: TransportRequest,
): Promise<RoundBody<unknown>> {
  const response = await send(client, deadline, request)
  try {
    return decodeRoundBody(response)
  } catch (cause) {
    throw unexpectedResponse(cause)
  }
}

async function sendForJson(client: Client, deadline: Deadline, request: TransportRequest): Promise<unknown> {
  return parseJson(await send(client, deadline, request))
}

/** @throws {MALFORMED_RESPONSE} unless the body is JSON */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(body))
  } catch (cause) {
    throw unexpectedResponse(cause)
  }
}

async function send(client: Client, deadline: Deadline, request: TransportRequest): Promise<Uint8Array> {
  for (let waited = false; ; waited = true) {
    try {
      const body = await repeatWhileTransient(client, deadline, () => sendOnce(client, deadline, request))
      if (waited) deadline.goOn()
      return body
    } catch (error) {
      // The very same request goes on once it may: nothing was played for it.
      if (!isMpcError(error, 'APPROVAL_REQUIRED')) throw error
      await deadline.awaitApproval(error)
    }
  }
}

async function sendOnce(client: Client, deadline: Deadline, request: TransportRequest): Promise<Attempt<Uint8Array>> {
  deadline.check()
  const attempt = await deadline.race(requestOnce(client.transport, { ...request, signal: deadline.signal }))
  if ('error' in attempt) deadline.check()
  return attempt
}

/** Whether the server cannot be reached, or something else responds in its place. */
export function isNetworkFailure(error: unknown): boolean {
  return isMpcError(error, 'NETWORK_ERROR', 'MALFORMED_RESPONSE', 'TIMEOUT')
}

/**
 * Sends one request.
 *
 * @returns the body of a successful response, unvalidated, or the failure
 * @throws {NETWORK_ERROR} if the transport returns something else than a response
 */
export async function requestOnce(transport: Transport, request: TransportRequest): Promise<Attempt<Uint8Array>> {
  let response: TransportResponse
  try {
    response = requireResponse(await transport.request(request))
  } catch (cause) {
    if (isMpcError(cause)) return transportFailure(cause)
    throw new MpcError('NETWORK_ERROR', 'the transport failed', { cause, retryable: false })
  }
  const { status, body, retryAfterMs } = response
  if (status >= 200 && status < 300) return { value: body }
  return readFailure(status, parseErrorBody(body), retryAfterMs)
}

/** A transport of the app may return anything. */
function requireResponse(response: Partial<TransportResponse>): TransportResponse {
  const { status, body, retryAfterMs } = response
  if (!Number.isInteger(status)) throw new TypeError('status must be a whole number')
  const isWait = Number.isSafeInteger(retryAfterMs) && (retryAfterMs as number) >= 0
  return {
    status: status as number,
    body: abytes(body, undefined, 'body'),
    ...(isWait && { retryAfterMs }),
  }
}
