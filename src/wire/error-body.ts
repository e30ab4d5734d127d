import { readDenial, readRequiredApproval, type Denial, type RequiredApproval } from './approvals.ts'
import { fromUtf8 } from '../util/bytes.ts'
import { MpcError, ProtocolError, type ErrorCode, isMpcError, isProtocolError } from '../errors.ts'

/** The HTTP status of each code that a server responds with. Codes that only occur on a client have none. */
const STATUS_BY_CODE: Partial<Record<ErrorCode, number>> = {
  CHANNEL_FAILED: 400,
  PROTOCOL_VERSION_UNSUPPORTED: 400,
  AUTH_FAILED: 401,
  POLICY_DENIED: 403,
  APPROVAL_REQUIRED: 403,
  INTENT_REQUIRED: 403,
  DEVICE_REVOKED: 403,
  SHARE_NOT_FOUND: 404,
  PREPROCESSING_NOT_FOUND: 404,
  SET_MISMATCH: 409,
  INTENT_MISMATCH: 409,
  OPERATION_IN_PROGRESS: 409,
  STORAGE_CONFLICT: 409,
  WALLET_EXISTS: 409,
  SET_RETIRED: 410,
  SET_EXPIRED: 410,
  BACKUP_SUPERSEDED: 410,
  PROTOCOL_ABORTED: 422,
  SHARE_PARSING_FAILED: 422,
  OT_POISONED: 423,
  RATE_LIMITED: 429,
  WEBHOOK_FAILED: 502,
  CLIENT_MOVED: 503,
  STORAGE_UNAVAILABLE: 503,
  TIMEOUT: 504,
}

/** An HTTP error body: `{ "error": { "id": CODE, "message": "…", "retryable": false } }`. */
export interface ErrorBody {
  readonly error: {
    readonly id: ErrorCode | 'BAD_REQUEST' | 'INTERNAL'
    readonly message: string
    readonly retryable: boolean
    /** With RATE_LIMITED, and with APPROVAL_REQUIRED until `readyAt`: milliseconds until the request may be repeated. */
    readonly retryAfterMs?: number
    /** With APPROVAL_REQUIRED: what the request waits for. */
    readonly approval?: RequiredApproval
    /** With POLICY_DENIED by the app's policy: what has denied it, and why. */
    readonly denial?: Denial
    /** The ECDSA setups of the two sides differ: the client makes a new one and signs again. */
    readonly reason?: 'OT_DESYNC'
  }
}

/**
 * The body for an error with a code. Of the reasons for a protocol abort only OT_DESYNC is sent, because the client has
 * to act on it. A peer that was caught cheating learns only that the operation ended.
 */
export function errorBody(error: MpcError): ErrorBody {
  const { code: id, message, retryable, retryAfterMs, approval, denial } = error
  if (!isProtocolError(error)) {
    const wait = { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(approval && { approval }) }
    return { error: { id, message, retryable, ...wait, ...(denial && { denial }) } }
  }
  if (error.reason === 'OT_DESYNC') return { error: { id, message, retryable, reason: error.reason } }
  return { error: { id, message: 'the operation was aborted: a check of the protocol failed', retryable } }
}

/**
 * Whether a server responds with the code of this error. Any other code, such as WASM_UNAVAILABLE, is a failure of the
 * process itself, which the client neither caused nor can do anything about.
 */
export function hasServerStatus(error: unknown): error is MpcError {
  return isMpcError(error) && STATUS_BY_CODE[error.code] !== undefined
}

/** The HTTP status for a code. */
export function errorStatus(code: ErrorCode): number {
  return STATUS_BY_CODE[code] ?? 500
}

/** A failed request. */
export interface Failure {
  readonly error: MpcError
  /** Whether to send the same request again. */
  readonly transient: boolean
}

/**
 * The statuses of proxies, load balancers and restarting or busy servers: RFC 9110, RFC 8470 (425) and RFC 6585 (429);
 * 520 to 527 and 530 are Cloudflare's.
 */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([
  408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530,
])

/** The transient errors of a transport. */
const TRANSIENT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NETWORK_ERROR', 'TIMEOUT', 'RATE_LIMITED'])

/**
 * Reads an unsuccessful response. The error in its body counts; without an error body of ours, only the status does.
 *
 * @param body parsed JSON, or undefined if it is not JSON
 * @param retryAfterMs the wait that the response's header asks for
 */
export function readFailure(status: number, body: unknown, retryAfterMs?: number): Failure {
  const errorFields = (body as Partial<ErrorBody> | null | undefined)?.error
  const isOurs = typeof errorFields?.id === 'string'
  const error = isOurs ? errorOf(status, errorFields, retryAfterMs) : errorOfStatus(status, retryAfterMs)
  // A 500 of the server itself would recur; one of a proxy is transient.
  const isTransient =
    TRANSIENT_STATUSES.has(status) || (status === 500 && !isOurs) || error.code === 'OPERATION_IN_PROGRESS'
  return { error, transient: error.retryable && isTransient }
}

/** The body of an unsuccessful response, for {@link readFailure}. A proxy's error page is not JSON; then only the status counts. */
export function parseErrorBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(body))
  } catch {
    return undefined
  }
}

/** The failure of a request that got no response. */
export function transportFailure(error: MpcError): Failure {
  return { error, transient: error.retryable && TRANSIENT_CODES.has(error.code) }
}

function errorOf(status: number, errorFields: Partial<ErrorBody['error']>, waitMs: number | undefined): MpcError {
  const { id, retryable } = errorFields
  const message =
    typeof errorFields.message === 'string' ? errorFields.message.slice(0, 500) : `the server answered ${status}`
  if (!Object.hasOwn(STATUS_BY_CODE, id as string)) {
    return new MpcError('NETWORK_ERROR', message, { retryable: isFlag(retryable) ? retryable : status >= 500 })
  }
  if (id === 'PROTOCOL_ABORTED' && errorFields.reason === 'OT_DESYNC')
    return new ProtocolError('OT_DESYNC', 1, [], message)
  const retryAfterMs = isWait(errorFields.retryAfterMs) ? errorFields.retryAfterMs : waitMs
  const approval = id === 'APPROVAL_REQUIRED' ? readRequiredApproval(errorFields.approval) : undefined
  const denial = id === 'POLICY_DENIED' ? readDenial(errorFields.denial) : undefined
  return new MpcError(id as ErrorCode, message, {
    ...(isFlag(retryable) && { retryable }),
    retryAfterMs,
    approval,
    denial,
  })
}

function errorOfStatus(status: number, retryAfterMs: number | undefined): MpcError {
  const message = `the server answered ${status}`
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status === 429) return new MpcError('RATE_LIMITED', message, wait)
  return new MpcError('NETWORK_ERROR', message, { retryable: status >= 500 || TRANSIENT_STATUSES.has(status), ...wait })
}

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

function isWait(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Every code that a server responds with. */
export function serverCodes(): readonly ErrorCode[] {
  return Object.keys(STATUS_BY_CODE) as ErrorCode[]
}
