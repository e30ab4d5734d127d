import { MpcError, ProtocolError, type ErrorCode, isProtocolError } from '../errors.ts'

/** The HTTP status of each code that a server answers with. Codes that only arise on a client have none. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  CHANNEL_FAILED: 400,
  AUTH_FAILED: 401,
  POLICY_DENIED: 403,
  DEVICE_REVOKED: 403,
  SHARE_NOT_FOUND: 404,
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
    /** The ECDSA set-ups of the two sides are not the same: the client makes a new one and signs again. */
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

/** The HTTP status for a code. */
export function errorStatus(code: ErrorCode): number {
  return STATUS[code] ?? 500
}

/** The error that an HTTP error body stands for; anything that is not one is a NETWORK_ERROR. */
export function errorFromBody(status: number, body: unknown): MpcError {
  const error = (body as Partial<ErrorBody> | null)?.error
  const message = typeof error?.message === 'string' ? error.message.slice(0, 500) : `the server answered ${status}`
  if (typeof error?.id === 'string' && Object.hasOwn(STATUS, error.id)) {
    if (error.id === 'PROTOCOL_ABORTED' && error.reason === 'OT_DESYNC')
      return new ProtocolError('OT_DESYNC', 1, [], message)
    const told = typeof error.retryable === 'boolean' ? { retryable: error.retryable } : {}
    const { retryAfterMs } = error
    const wait = Number.isSafeInteger(retryAfterMs) && (retryAfterMs as number) >= 0
    return new MpcError(error.id as ErrorCode, message, wait ? { ...told, retryAfterMs: retryAfterMs as number } : told)
  }
  return new MpcError('NETWORK_ERROR', message, { retryable: status >= 500 })
}
