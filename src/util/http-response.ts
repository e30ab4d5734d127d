import { MpcError } from '../errors.ts'
import { isBytes } from './bytes.ts'

/** A whole response, with any status. */
export interface HttpResponse {
  /** The HTTP status. */
  readonly status: number
  /** The response's body; empty for none. */
  readonly body: Uint8Array
  /** What its `Retry-After` says, in milliseconds (RFC 9110 §10.2.3). */
  readonly retryAfterMs?: number
}

/** 8 MiB: many times the largest message of any protocol. */
export const MAX_RESPONSE_BYTES = 8 * 2 ** 20

/**
 * Reads a whole response, but never more than `maximum` bytes.
 *
 * @throws {MALFORMED_RESPONSE} if it is longer, is a redirect, or is not a response of fetch
 * @throws {unknown} an error of the platform, if the response breaks off
 */
export async function readResponse(response: Response, maximum: number): Promise<HttpResponse> {
  if (!isResponse(response)) throw refused('fetch did not return a response')
  const { status, headers } = response
  // With `redirect: 'manual'`, a browser returns an opaque redirect of status 0. React Native always follows redirects.
  if (status === 0 || (status >= 300 && status < 400) || response.redirected) {
    await response.body?.cancel?.()
    throw refused('the response is a redirect, which is not followed')
  }
  if (Number(headers.get('content-length') ?? 0) > maximum) {
    await response.body?.cancel?.()
    throw tooLong(maximum)
  }
  const body = await readBody(response, maximum)
  const retryAfterMs = readRetryAfter(headers)
  return { status, body, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

function isResponse(value: unknown): value is Response {
  const { status, headers, arrayBuffer } = (value ?? {}) as Partial<Response>
  return Number.isInteger(status) && typeof headers?.get === 'function' && typeof arrayBuffer === 'function'
}

async function readBody(response: Response, maximum: number): Promise<Uint8Array> {
  // React Native has no response streams, so there the limit is checked after everything was read.
  if (typeof response.body?.getReader !== 'function') {
    const body = new Uint8Array(await response.arrayBuffer())
    if (body.length > maximum) throw tooLong(maximum)
    return body
  }
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!isBytes(value)) throw refused('the response does not consist of bytes')
    length += value.length
    if (length > maximum) {
      await reader.cancel()
      throw tooLong(maximum)
    }
    chunks.push(value)
  }
  const body = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.length
  }
  return body
}

/** The `Retry-After` header in milliseconds (RFC 9110 §10.2.3): seconds or a date. Undefined for anything else. */
function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? ''
  // A date is compared with the response's own date, since the device's clock may be hours off.
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - sentAt(headers)
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(0, delayMs), Number.MAX_SAFE_INTEGER)
}

function sentAt(headers: Headers): number {
  const date = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(date) ? Date.now() : date
}

function tooLong(maximum: number): MpcError {
  return refused(`the response is longer than ${maximum} bytes`)
}

function refused(message: string): MpcError {
  return new MpcError('MALFORMED_RESPONSE', message)
}
