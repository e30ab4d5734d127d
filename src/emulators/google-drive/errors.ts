import type { Fault } from '../faults.ts'

/** Errors of the Drive API, by the `reason` in their body: status, domain and message, as Drive words them. */
const ERRORS = {
  authError: [401, 'global', 'Invalid Credentials'],
  required: [401, 'global', 'Login Required.'],
  badRequest: [400, 'global', 'Bad Request'],
  invalid: [400, 'global', 'Invalid Value'],
  insufficientPermissions: [403, 'global', 'Request had insufficient authentication scopes.'],
  insufficientScopes: [403, 'global', 'The granted scopes do not give access to all of the requested spaces.'],
  insufficientParentPermissions: [403, 'global', 'Insufficient permissions for the specified parent.'],
  accessNotConfigured: [403, 'usageLimits', 'Google Drive API has not been used in this project, or it is disabled.'],
  rateLimitExceeded: [403, 'usageLimits', 'Rate Limit Exceeded'],
  userRateLimitExceeded: [403, 'usageLimits', 'User Rate Limit Exceeded'],
  storageQuotaExceeded: [403, 'global', "The user's Drive storage quota has been exceeded."],
  domainPolicy: [403, 'global', 'The domain administrators have disabled Drive apps.'],
  notFound: [404, 'global', 'File not found.'],
  fileIdInUse: [409, 'global', 'A file already exists with the provided ID.'],
  uploadTooLarge: [413, 'global', 'The upload is too large.'],
  tooManyRequests: [429, 'usageLimits', 'Too many requests'],
  internalError: [500, 'global', 'Internal Error'],
  backendError: [503, 'global', 'Backend Error'],
} as const satisfies Record<string, readonly [number, string, string]>

/** A `reason` of the Drive API; `tooManyRequests` stands for the 429, whose reason is `rateLimitExceeded`. */
export type DriveErrorReason = keyof typeof ERRORS

/** Ends the handling of a request with an error of the Drive API. */
export class DriveError extends Error {
  readonly reason: DriveErrorReason

  constructor(reason: DriveErrorReason, detail?: string) {
    super(detail ?? ERRORS[reason][2])
    this.reason = reason
  }
}

/** The response of an error. */
export function errorResponse(reason: DriveErrorReason, message?: string): Response {
  const { status, headers, body } = errorParts(reason, message)
  return new Response(body, { status, headers })
}

/**
 * A fault by which Drive answers with one of its own errors.
 *
 * @param headers such as `retry-after`
 * @example
 * drive.setFaults(atRequest(3, driveError('userRateLimitExceeded')))
 */
export function driveError(reason: DriveErrorReason, headers: Readonly<Record<string, string>> = {}): Fault {
  if (typeof reason !== 'string' || !Object.hasOwn(ERRORS, reason))
    throw new TypeError('there is no such error of Drive')
  const parts = errorParts(reason)
  return { type: 'respond', ...parts, headers: { ...parts.headers, ...headers } }
}

function errorParts(reason: DriveErrorReason, detail?: string) {
  const [status, domain, standard] = ERRORS[reason]
  const message = detail ?? standard
  const named = reason === 'tooManyRequests' ? 'rateLimitExceeded' : reason
  const body = JSON.stringify({ error: { code: status, message, errors: [{ message, domain, reason: named }] } })
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body }
}
