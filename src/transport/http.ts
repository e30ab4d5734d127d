import { MpcError } from '../errors.ts'
import { checkBaseUrl } from '../util/base-url.ts'
import {
  abortedBy,
  exchangeOnce,
  headerSource,
  requestHeaders,
  requestInit,
  requestUrl,
  untilAborted,
  type HeaderSource,
} from './request.ts'
import { MAX_RESPONSE_BYTES, readResponse } from './response.ts'
import type { Transport } from './types.ts'

/** How {@link httpTransport} sends. */
export interface HttpTransportOptions {
  /** Of each request, for instance `authorization`: as they are, or a function that is asked before each. */
  readonly headers?: HeaderSource
  /** `globalThis.fetch` by default. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** How long one request may take, until the last byte of the answer; 30,000 by default. */
  readonly timeoutMs?: number
  /** 8 MiB by default. */
  readonly maxResponseBytes?: number
}

/**
 * Sends each request once, with `fetch`; the client's actions send again what failed on the way.
 *
 * Redirects are refused: the headers are for this server only.
 *
 * @param baseUrl https, or http on a loopback host
 * @throws {TypeError} if the URL is not one of these, or holds a password, a query or a fragment; if an option is of the
 * wrong type
 * @throws {RangeError} if a number is out of range
 */
export function httpTransport(baseUrl: string, options: HttpTransportOptions = {}): Transport {
  const base = checkBaseUrl(baseUrl, 'baseUrl')
  const timeoutMs = atLeast(1, options.timeoutMs ?? 30_000, 'timeoutMs')
  const maximum = atLeast(1, options.maxResponseBytes ?? MAX_RESPONSE_BYTES, 'maxResponseBytes')
  const source = headerSource(options.headers)
  if (options.fetch !== undefined && typeof options.fetch !== 'function')
    throw new TypeError('fetch must be a function')
  const send = options.fetch ?? globalFetch

  return {
    async request(request) {
      const url = requestUrl(base, request)
      const init = requestInit(request)
      const { signal } = request
      if (signal?.aborted) throw abortedBy(signal)
      const headers = await untilAborted(signal, requestHeaders(source, request))
      return exchangeOnce(signal, timeoutMs, async (signal) =>
        // Cloudflare's workers do not know `error`, which would say the same.
        readResponse(await send(url, { ...init, headers, redirect: 'manual', signal }), maximum),
      )
    },
  }
}

/** Looked up at each request, as what replaces it for a test expects. */
async function globalFetch(url: string, init: RequestInit): Promise<Response> {
  if (typeof globalThis.fetch === 'function') return globalThis.fetch(url, init)
  throw new MpcError('NETWORK_ERROR', 'there is no fetch here: httpTransport needs one', { retryable: false })
}

function atLeast(minimum: number, value: number, name: string): number {
  if (!Number.isFinite(value) || value < minimum) throw new RangeError(`${name} must be at least ${minimum}`)
  return value
}
