import { MpcError } from '../../errors.ts'
import { fromUtf8 } from '../../util/bytes.ts'
import type { HttpResponse } from '../../util/http-response.ts'

/** The only scope that is needed. It is not a sensitive one: Google reviews no app for it. */
export const APPDATA_SCOPE = 'https://www.googleapis.com/auth/drive.appdata'

/** Reasons of a 403 that pass by themselves. */
const PASSING = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded'])
const FULL = new Set(['storageQuotaExceeded'])
const NO_SCOPE = new Set(['insufficientPermissions', 'insufficientScopes', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'])
const NOT_ENABLED = new Set(['accessNotConfigured', 'SERVICE_DISABLED'])

/** The error for what Drive did not do. `retryable: false` where only the app or the user can change that. */
export function unavailable(message: string, options: { retryable?: boolean; retryAfterMs?: number } = {}): MpcError {
  return new MpcError('STORAGE_UNAVAILABLE', `Google Drive: ${message}`, options)
}

/** The error for a response that is none of Drive. */
export function malformed(): MpcError {
  return unavailable('the response is not one of Drive')
}

/** The error for a response whose status is no success. */
export function failureOf({ status, body, retryAfterMs }: HttpResponse): MpcError {
  const reasons = reasonsOf(body)
  const has = (known: ReadonlySet<string>) => reasons.some((reason) => known.has(reason))
  // After the one retry with a fresh token.
  if (status === 401) return unavailable('the token was refused: the user has to sign in again', { retryable: false })
  if (has(FULL)) return new MpcError('STORAGE_FULL', "the user's Google Drive is full")
  if (has(NO_SCOPE)) return unavailable(`the token lacks the scope ${APPDATA_SCOPE}`, { retryable: false })
  if (has(NOT_ENABLED))
    return unavailable('the Drive API is not enabled in the Google Cloud project', { retryable: false })
  const passing = status >= 500 || status === 429 || status === 408 || (status === 403 && has(PASSING))
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`
  return unavailable(`status ${status}${why}`, {
    retryable: passing,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

/** Drive's words for what went wrong. Only what can be one gets into a message. */
function reasonsOf(body: Uint8Array): string[] {
  const error = field(parseJson(body), 'error')
  return [field(error, 'errors'), field(error, 'details')]
    .flatMap((list): unknown[] => (Array.isArray(list) ? list.slice(0, 4) : []))
    .map((entry) => field(entry, 'reason'))
    .filter((reason): reason is string => typeof reason === 'string' && /^\w{1,64}$/.test(reason))
}

/** The JSON of a response, or undefined if it is not JSON. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(body)) as unknown
  } catch {
    return undefined
  }
}

/** An own property of what may be no object. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}
