import { MpcError, ProtocolError, type ErrorCode, isMpcError, isProtocolError } from '../errors.ts'

/** The HTTP status of each code that a server answers with. Codes that only arise on a client have none. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  CHANNEL_FAILED: 400,
  AUTH_FAILED: 401,
  POLICY_DENIED: 403,
  DEVICE_REVOKED: 403,
  SHARE_NOT_FOUND: 404,
  PREPROCESSING_NOT_FOUND: 404,
  SET_MISMATCH: 409,
  OPERATION_IN_PROGRESS: 409,
  STORAGE_CONFLICT: 409,
  SET_RETIRED: 410,
  BACKUP_SUPERSEDED: 410,
  PROTOCOL_VERSION_UNSUPPORTED: 426,
  PROTOCOL_ABORTED: 422,
  SHARE_PARSING_FAILED: 422,
  OT_POISONED: 423,
  RATE_LIMITED: 429,
  WEBHOOK_FAILED: 502,
  STORAGE_UNAVAILABLE: 503,
  TIMEOUT: 504,
}

/** What an HTTP error body says: `{ "error": { "id": CODE, "message": "…", "retryable": false } }`. */
export interface ErrorBody {
  readonly error: {
    readonly id: ErrorCode | 'BAD_REQUEST' | 'INTERNAL'
    readonly message: string
    readonly retryable: boolean
    /** With RATE_LIMITED: milliseconds until it may be asked again. */
    readonly retryAfterMs?: number
    /** The ECDSA setups of the two sides are not the same: the client makes a new one and signs again. */
    readonly reason?: 'OT_DESYNC'
  }
}

/**
 * The body for an error with a code. Of the reasons of a protocol's end only the one that asks the client for something is
 * told: a peer that was caught cheating hears that the operation ended, and nothing else.
 */
export function errorBody(error: MpcError): ErrorBody {
  const { code: id, message, retryable, retryAfterMs } = error
  if (!isProtocolError(error)) {
    return { error: { id, message, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) } }
  }
  if (error.reason === 'OT_DESYNC') return { error: { id, message, retryable, reason: error.reason } }
  return { error: { id, message: 'the operation was aborted: a check of the protocol failed', retryable } }
}

/**
 * Whether a server answers with the code of this error. One of any other code, such as WASM_UNAVAILABLE, is a failure of the
 * process that it arose in, and nothing that its client did or can do something about.
 */
export function hasServerStatus(error: unknown): error is MpcError {
  return isMpcError(error) && STATUS[error.code] !== undefined
}

/** The HTTP status for a code. */
export function errorStatus(code: ErrorCode): number {
  return STATUS[code] ?? 500
}

/** What an answer that is no success comes to. */
export interface Failure {
  readonly error: MpcError
  /** Whether the same request is to be sent again: what was in its way passes. */
  readonly transient: boolean
}

/**
 * What proxies, balancers and a server that restarts, or is busy, answer: RFC 9110, 8470 (425) and 6585 (429); 520 to 527
 * and 530 are Cloudflare's.
 */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([
  408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530,
])

/** What a transport may fail with on the way that passes. */
const TRANSIENT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NETWORK_ERROR', 'TIMEOUT', 'RATE_LIMITED'])

/**
 * Reads an answer that is no success. What its body says of itself counts; without a body of ours the status says what was
 * in the way.
 *
 * @param body as JSON, or undefined if it is none
 * @param retryAfterMs what the answer's header asks to wait
 */
export function readFailure(status: number, body: unknown, retryAfterMs?: number): Failure {
  const told = (body as Partial<ErrorBody> | null | undefined)?.error
  const isOurs = typeof told?.id === 'string'
  const error = isOurs ? errorOf(status, told, retryAfterMs) : errorOfStatus(status, retryAfterMs)
  // A 500 of the server itself would come again; another's comes and goes.
  const passes = TRANSIENT_STATUSES.has(status) || (status === 500 && !isOurs) || error.code === 'OPERATION_IN_PROGRESS'
  return { error, transient: error.retryable && passes }
}

/** What a request failed with that got no answer. */
export function transportFailure(error: MpcError): Failure {
  return { error, transient: error.retryable && TRANSIENT_CODES.has(error.code) }
}

function errorOf(status: number, told: Partial<ErrorBody['error']>, waitMs: number | undefined): MpcError {
  const { id, retryable } = told
  const message = typeof told.message === 'string' ? told.message.slice(0, 500) : `the server answered ${status}`
  if (!Object.hasOwn(STATUS, id as string)) {
    return new MpcError('NETWORK_ERROR', message, { retryable: isFlag(retryable) ? retryable : status >= 500 })
  }
  if (id === 'PROTOCOL_ABORTED' && told.reason === 'OT_DESYNC') return new ProtocolError('OT_DESYNC', 1, [], message)
  const retryAfterMs = isWait(told.retryAfterMs) ? told.retryAfterMs : waitMs
  return new MpcError(id as ErrorCode, message, {
    ...(isFlag(retryable) && { retryable }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
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
