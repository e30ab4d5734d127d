import type { MpcError } from '../errors.ts'
import { brand, hasBrand } from '../util/brand.ts'
import { concatBytes, fromUtf8 } from '../util/bytes.ts'
import { errorBody, errorStatus, hasServerStatus, type ErrorBody } from '../wire/error-body.ts'

/** A request that is malformed to this version. The response is 400 BAD_REQUEST; nothing was changed. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

brand(BadRequest, 'BadRequest')

/** Whether this is a {@link BadRequest}, of any copy of this package. */
export function isBadRequest(error: unknown): error is BadRequest {
  return hasBrand(error, 'BadRequest')
}

/** The name of a field in a {@link BadRequest}; never text of the request, which may be as long as the request. */
export function fieldName(path: string | null, otherwise: string): string {
  return path !== null && /^[A-Za-z0-9.]{1,64}$/.test(path) ? path : otherwise
}

/**
 * Something that the response needs is unavailable now. The response is 503 INTERNAL, and the client repeats the
 * request; what it started may or may not have been done.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

brand(Unavailable, 'Unavailable')

export function isUnavailable(error: unknown): error is Unavailable {
  return hasBrand(error, 'Unavailable')
}

/**
 * Something that the response needs is misconfigured; the message says what. The response is 500 INTERNAL, and the
 * error is reported once.
 */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured'
}

brand(Misconfigured, 'Misconfigured')

/**
 * Reads the body of a request or a response.
 *
 * @param signal ends the reading: what was read until then is returned
 * @returns undefined if it is longer than `maximum` bytes
 */
export async function readAll(
  body: ReadableStream<Uint8Array> | null,
  maximum: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  signal?.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true })
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concatBytes(...chunks)
    length += value.length
    if (length > maximum) {
      await reader.cancel()
      return undefined
    }
    chunks.push(value)
  }
}

/**
 * Reads a request's body. Of one that announces that it is too long, nothing is read.
 *
 * @param signal as of {@link readAll}
 * @throws {BadRequest} if it is longer than `maximum` bytes
 */
export async function readBody(request: Request, maximum: number, signal?: AbortSignal): Promise<Uint8Array> {
  const isTooLong = Number(request.headers.get('content-length') ?? 0) > maximum
  if (isTooLong) await request.body?.cancel()
  const body = isTooLong ? undefined : await readAll(request.body, maximum, signal)
  if (body === undefined) throw new BadRequest(`the body is longer than ${maximum} bytes`)
  return body
}

/**
 * Reads a request's body as JSON. It must have that content type: a browser does not send this type, with a user's
 * cookies, for a page of an origin that is not allowed.
 *
 * @throws {BadRequest} if it is not JSON, or longer than `maximum` bytes
 */
export async function readJson(request: Request, maximum: number): Promise<unknown> {
  const [type] = (request.headers.get('content-type') ?? '').split(';')
  if (type?.trim().toLowerCase() !== 'application/json')
    throw new BadRequest('the content type must be application/json')
  const body = await readBody(request, maximum)
  try {
    return JSON.parse(fromUtf8(body))
  } catch {
    throw new BadRequest('the body is not JSON')
  }
}

/**
 * The response to a failed request. Errors without a code of their own are not described to the client.
 *
 * @param onError receives those errors
 */
export function errorResponse(error: unknown, onError: (error: unknown) => void): Response {
  if (isBadRequest(error)) return jsonError(400, 'BAD_REQUEST', error.message)
  if (hasServerStatus(error)) return json(errorStatus(error.code), errorBody(error), retryAfter(error))
  onError(error)
  if (isUnavailable(error)) return jsonError(503, 'INTERNAL', 'the server cannot answer now')
  return jsonError(500, 'INTERNAL', 'the server failed')
}

export function jsonError(status: number, id: ErrorBody['error']['id'], message: string): Response {
  return json(status, { error: { id, message, retryable: status >= 500 } })
}

/** RFC 9110 §10.2.3: whole seconds, rounded up. */
function retryAfter({ retryAfterMs }: MpcError): Record<string, string> {
  return retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
}

function json(status: number, body: ErrorBody, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
}
