import { MpcError } from '../../errors.ts'
import type { HttpResponse } from '../../util/http-response.ts'
import { fromUtf8 } from '../../util/bytes.ts'

/** What CloudKit says to a request about one record. */
export type Reply = { readonly type: 'record'; readonly record: Readonly<Record<string, unknown>> } | Refusal

/** An error of CloudKit. */
export interface Refusal {
  readonly type: 'refused'
  /** CloudKit's `serverErrorCode`, or '' if it gave none that can be one. */
  readonly code: string
  /** Whether it is said of the record, in a response that is a success otherwise. */
  readonly ofRecord: boolean
  /** How long to wait, if it says so. */
  readonly retryAfterMs: number | undefined
  /** Where the user signs in, if it says so. */
  readonly redirectUrl: string | undefined
  readonly status: number
}

/**
 * Reads the response to a request about one record.
 *
 * @param id the record's name
 * @throws {STORAGE_UNAVAILABLE} if it is neither that record nor an error
 */
export function parseReply(response: HttpResponse, id: string): Reply {
  const body = parseObject(response.body)
  // Without CloudKit's body, it was cut off, or comes from something between iCloud and us.
  if (body === undefined && !(response.status in STATUS_CODES) && response.status < 500) throw malformed()
  if (response.status !== 200 || body?.['serverErrorCode'] !== undefined) return refusal(body ?? {}, response, false)
  const records = body?.['records']
  const record: unknown = Array.isArray(records) && records.length === 1 ? records[0] : undefined
  if (!isObject(record) || record['recordName'] !== id) throw malformed()
  return record['serverErrorCode'] === undefined ? { type: 'record', record } : refusal(record, response, true)
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(fromUtf8(body))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refusal(error: Readonly<Record<string, unknown>>, response: HttpResponse, ofRecord: boolean): Refusal {
  const { serverErrorCode: code, retryAfter: seconds, redirectURL } = error
  return {
    type: 'refused',
    code: typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : '',
    ofRecord,
    retryAfterMs: typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds, 1e9) * 1000 : response.retryAfterMs,
    redirectUrl: typeof redirectURL === 'string' && redirectURL.length <= 8192 ? redirectURL : undefined,
    status: response.status,
  }
}

/** The error for what iCloud did not do. `retryable: false` where only the app or the user can change that. */
export function unavailable(message: string, options: { retryable?: boolean; retryAfterMs?: number } = {}): MpcError {
  return new MpcError('STORAGE_UNAVAILABLE', `iCloud: ${message}`, options)
}

/** The error for a response that is none of CloudKit. */
export function malformed(): MpcError {
  return unavailable('the response is not one of CloudKit')
}

/** What each error of CloudKit means, and whether the same request may succeed later. */
const MEANINGS: Readonly<Record<string, readonly [retried: boolean, message: string]>> = {
  THROTTLED: [true, 'too many requests'],
  TRY_AGAIN_LATER: [true, 'the service is busy'],
  ZONE_BUSY: [true, 'the service is busy'],
  INTERNAL_ERROR: [true, 'the service failed'],
  ACCESS_DENIED: [false, 'the container does not allow it'],
  AUTHENTICATION_FAILED: [false, 'the API token or the web token is refused'],
  AUTHENTICATION_REQUIRED: [false, 'the web token of the sign-in is refused'],
  BAD_REQUEST: [false, 'the container lacks the record type, or its field'],
  NOT_FOUND: [false, 'there is no such container, or no such record'],
  ZONE_NOT_FOUND: [false, 'the container lacks the default zone'],
}

/** The error for what CloudKit refused, and whether to send the request again. */
export function refusedError(reply: Refusal): { error: MpcError; retried: boolean } {
  const { status, retryAfterMs } = reply
  const code = reply.code || (STATUS_CODES[status] ?? `status ${status}`)
  const [retried, message] = MEANINGS[code] ?? [status >= 500, 'the request is refused']
  const error =
    code === 'QUOTA_EXCEEDED'
      ? new MpcError('STORAGE_FULL', "the user's iCloud is full")
      : unavailable(`${message} (${code})`, { retryable: retried, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  return { error, retried }
}

/** What a status means without a code. */
const STATUS_CODES: Readonly<Record<number, string>> = { 413: 'QUOTA_EXCEEDED', 429: 'THROTTLED' }
