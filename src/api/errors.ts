import { MpcError, type ErrorCode } from '../errors.ts'

/** The HTTP status of each code that a server answers with. Codes that only arise on a client have none. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  AUTH_FAILED: 401,
  POLICY_DENIED: 403,
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
  WEBHOOK_FAILED: 502,
  STORAGE_UNAVAILABLE: 503,
  TIMEOUT: 504,
}

/** What an HTTP error body says: `{ "error": { "id": CODE, "message": "…" } }`. */
export interface ErrorBody {
  readonly error: { readonly id: ErrorCode | 'BAD_REQUEST' | 'INTERNAL'; readonly message: string }
}

/** The HTTP status for a code. */
export function errorStatus(code: ErrorCode): number {
  return STATUS[code] ?? 500
}

/** The error that an HTTP error body stands for; anything that is not one is a NETWORK_ERROR. */
export function errorFromBody(status: number, body: unknown): MpcError {
  const error = (body as Partial<ErrorBody> | null)?.error
  const message = typeof error?.message === 'string' ? error.message.slice(0, 500) : `the server answered ${status}`
  if (typeof error?.id === 'string' && Object.hasOwn(STATUS, error.id))
    return new MpcError(error.id as ErrorCode, message)
  return new MpcError('NETWORK_ERROR', message, { retryable: status >= 500 })
}
