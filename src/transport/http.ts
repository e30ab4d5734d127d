import { MpcError } from '../errors.ts'
import { checkBaseUrl } from '../util/base-url.ts'
import { headerSource, requestHeaders, requestInit, requestUrl, type HeaderSource } from './request.ts'
import { abortedBy, exchangeOnce, untilAborted } from '../util/exchange.ts'
import { MAX_RESPONSE_BYTES, readResponse } from '../util/http-response.ts'
import type { Transport } from './types.ts'

/** Options of {@link httpTransport}. */
export interface HttpTransportOptions {
  /** Headers of each request, such as `authorization`, or a function that returns them before each request. */
  readonly headers?: HeaderSource
  /** Default: `globalThis.fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Time limit of one request in milliseconds, until the last byte of the response. Default: 30,000. */
  readonly timeoutMs?: number
  /** Maximum length of a response in bytes. Default: 8 MiB. */
  readonly maxResponseBytes?: number
}

/**
 * Sends each request once, with `fetch`. The client's actions repeat requests that fail on the way.
 *
 * Redirects are refused, since the headers are for this server only.
 *
 * @param baseUrl https, or http on a loopback host
 * @throws {TypeError} if the URL is not one of these, or has a password, a query or a fragment; or if an option is of the
 *   wrong type
 * @throws {RangeError} if a number is out of range
 *
 * @example
 * const transport = httpTransport('https://signing.example', { headers: { authorization } })
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
        // `manual`, and readResponse refuses the redirect: Cloudflare Workers do not support `error`.
        readResponse(await send(url, { ...init, headers, redirect: 'manual', signal }), maximum),
      )
    },
  }
}

/** Looked up at each request, so that tests can replace `globalThis.fetch`. */
async function globalFetch(url: string, init: RequestInit): Promise<Response> {
  if (typeof globalThis.fetch === 'function') return globalThis.fetch(url, init)
  throw new MpcError('NETWORK_ERROR', 'there is no fetch here: httpTransport needs one', { retryable: false })
}

function atLeast(minimum: number, value: number, name: string): number {
  if (!Number.isFinite(value) || value < minimum) throw new RangeError(`${name} must be at least ${minimum}`)
  return value
}
