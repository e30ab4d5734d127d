import { isMpcError, MpcError } from '../errors.ts'
import { abytes } from '../util/bytes.ts'
import type { TransportRequest } from './types.ts'

/** Headers as `new Headers` takes them: `HeadersInit` of the DOM's types. */
export type RequestHeaders = Headers | [string, string][] | Record<string, string>

/** The headers of each request, or a function that returns them before each request, for example with a fresh token. */
export type HeaderSource = RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>)

/**
 * Asserts a request, and returns its URL.
 *
 * @param base the server's base URL without a trailing slash
 * @throws {TypeError} if a field is of the wrong type, or the path leads out of `/v1/`
 */
export function requestUrl(base: string, request: TransportRequest): string {
  const { method, path, body, contentType } = request
  if (method !== 'GET' && method !== 'POST' && method !== 'PUT') throw new TypeError('method must be GET, POST or PUT')
  if (body !== undefined) abytes(body, undefined, 'body')
  if (method === 'GET' && body !== undefined) throw new TypeError('a GET request has no body')
  if (contentType !== undefined && typeof contentType !== 'string') throw new TypeError('contentType must be a string')
  if (typeof path !== 'string' || !path.startsWith('/v1/')) throw new TypeError('path must start with /v1/')
  const { href, hash } = new URL(base + path)
  // The parser resolves dot segments, also encoded ones.
  if (!href.startsWith(`${base}/v1/`) || hash !== '') throw new TypeError('path must stay below /v1/')
  return href
}

/** The fetch options of a request. The body is copied, so a later change by the caller has no effect. */
export function requestInit(request: TransportRequest): { method: string; body?: Uint8Array<ArrayBuffer> } {
  return { method: request.method, ...(request.body && { body: new Uint8Array(request.body) }) }
}

/**
 * Asserts a source of headers.
 *
 * @throws {TypeError} if it is neither a function nor valid headers
 */
export function headerSource(source: HeaderSource | undefined): HeaderSource | undefined {
  if (typeof source !== 'function') readHeaders(source)
  return source
}

/**
 * The caller's headers, with the content type of the request.
 *
 * @throws {NETWORK_ERROR} with `retryable: false`, if the caller's function fails
 * @throws {TypeError} if it returns invalid headers
 */
export async function requestHeaders(source: HeaderSource | undefined, request: TransportRequest): Promise<Headers> {
  const headers = readHeaders(typeof source === 'function' ? await ask(source) : source)
  if (request.contentType !== undefined) headers.set('content-type', request.contentType)
  return headers
}

async function ask(source: () => RequestHeaders | Promise<RequestHeaders>): Promise<RequestHeaders> {
  try {
    return await source()
  } catch (cause) {
    if (isMpcError(cause)) throw cause
    throw new MpcError('NETWORK_ERROR', 'headers failed, and nothing was sent', { cause, retryable: false })
  }
}

function readHeaders(given: RequestHeaders | undefined): Headers {
  try {
    if (given === undefined || (typeof given === 'object' && given !== null)) return new Headers(given)
  } catch {
    // Not as the cause: the platform's message may contain a token.
  }
  throw new TypeError('headers must be names with values that a header can have, or a function that gives them')
}
