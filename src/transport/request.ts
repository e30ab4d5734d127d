import { isMpcError, MpcError } from '../errors.ts'
import { abytes } from '../util/bytes.ts'
import type { TransportRequest } from './types.ts'

/** The headers of each request: as they are, or asked for before each, so that a token can be a fresh one. */
export type HeaderSource = HeadersInit | (() => HeadersInit | Promise<HeadersInit>)

/**
 * Asserts a request and gives its URL.
 *
 * @param base the server's base URL without a slash at the end
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
  // The parser resolves dots, encoded ones too.
  if (!href.startsWith(`${base}/v1/`) || hash !== '') throw new TypeError('path must stay below /v1/')
  return href
}

/** The fetch options of a request; the bytes are copied, so that what is sent is what was given. */
export function requestInit(request: TransportRequest): { method: string; body?: Uint8Array<ArrayBuffer> } {
  return { method: request.method, ...(request.body && { body: new Uint8Array(request.body) }) }
}

/**
 * Asserts where headers come from.
 *
 * @throws {TypeError} if it is neither a function nor headers
 */
export function headerSource(source: HeaderSource | undefined): HeaderSource | undefined {
  if (typeof source !== 'function') readHeaders(source)
  return source
}

/**
 * The caller's headers with the content type of the request.
 *
 * @throws {NETWORK_ERROR} if the function that is asked for them fails; not to be repeated
 * @throws {TypeError} if it gives something else than headers
 */
export async function requestHeaders(source: HeaderSource | undefined, request: TransportRequest): Promise<Headers> {
  const headers = readHeaders(typeof source === 'function' ? await ask(source) : source)
  if (request.contentType !== undefined) headers.set('content-type', request.contentType)
  return headers
}

async function ask(source: () => HeadersInit | Promise<HeadersInit>): Promise<HeadersInit> {
  try {
    return await source()
  } catch (cause) {
    if (isMpcError(cause)) throw cause
    throw new MpcError('NETWORK_ERROR', 'headers failed, and nothing was sent', { cause, retryable: false })
  }
}

function readHeaders(given: HeadersInit | undefined): Headers {
  try {
    if (given === undefined || (typeof given === 'object' && given !== null)) return new Headers(given)
  } catch {
    // What the platform says would quote a token.
  }
  throw new TypeError('headers must be names with values that a header can have, or a function that gives them')
}

/** The error for a signal that the caller aborted. */
export function abortedBy(signal: AbortSignal): MpcError {
  return new MpcError('ABORTED', 'the request was aborted', { cause: signal.reason })
}

/**
 * Stops waiting for `work` as soon as the signal is aborted.
 *
 * @throws {ABORTED} if it is
 */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortedBy(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
    work.catch(() => undefined)
  }
}

/**
 * Sends and reads one answer, until the caller's signal or the time ends it: not everything that sends watches a signal.
 *
 * @param exchange is given a signal of this engine's own: the caller's may be another's, or a polyfill
 * @throws {NETWORK_ERROR} if it fails
 * @throws {TIMEOUT | ABORTED}
 */
export async function exchangeOnce<T>(
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  exchange: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController()
  const stop = () => end.abort()
  signal?.addEventListener('abort', stop)
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs)
  try {
    if (signal?.aborted) throw abortedBy(signal)
    return await untilAborted(end.signal, exchange(end.signal))
  } catch (cause) {
    if (signal?.aborted) throw abortedBy(signal)
    if (end.signal.aborted) throw new MpcError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause })
    if (isMpcError(cause)) throw cause
    throw new MpcError('NETWORK_ERROR', 'no answer came from the server', { cause })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}
