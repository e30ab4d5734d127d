import { MpcError } from '../errors.ts'
import { abytes } from '../util/bytes.ts'
import type { TransportRequest, TransportResponse } from './types.ts'

/** Headers that are asked for before each attempt, so that a token can be a fresh one. */
export type HeaderSource = () => HeadersInit | Promise<HeadersInit>

/** 8 MiB: many times the largest message of any protocol. */
export const MAX_RESPONSE_BYTES = 8 * 2 ** 20

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

/** The fetch options of a request; the bytes are copied, so that every attempt sends the same. */
export function requestInit(request: TransportRequest): { method: string; body?: Uint8Array<ArrayBuffer> } {
  return { method: request.method, ...(request.body && { body: new Uint8Array(request.body) }) }
}

/** The caller's headers with the content type of the request. */
export async function requestHeaders(source: HeaderSource | undefined, request: TransportRequest): Promise<Headers> {
  const headers = new Headers(await source?.())
  if (request.contentType !== undefined) headers.set('content-type', request.contentType)
  return headers
}

/**
 * Reads a whole answer, but never more than `maximum` bytes.
 *
 * @throws {NETWORK_ERROR} if the answer is longer
 */
export async function readResponse(response: Response, maximum: number): Promise<TransportResponse> {
  if (Number(response.headers.get('content-length') ?? 0) > maximum) {
    await response.body?.cancel()
    throw tooLong(maximum)
  }
  return { status: response.status, body: await readBody(response, maximum) }
}

async function readBody(response: Response, maximum: number): Promise<Uint8Array> {
  // React Native has no response streams: there the limit is checked once all is read.
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

function tooLong(maximum: number): MpcError {
  return new MpcError('NETWORK_ERROR', `the server's answer is longer than ${maximum} bytes`, { retryable: false })
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
