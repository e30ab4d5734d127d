import { MpcError, isMpcError } from '../errors.ts'
import { checkBaseUrl } from '../util/base-url.ts'
import {
  abortedBy,
  MAX_RESPONSE_BYTES,
  readResponse,
  requestHeaders,
  requestInit,
  requestUrl,
  untilAborted,
  type HeaderSource,
} from './request.ts'
import type { Transport, TransportRequest, TransportResponse } from './types.ts'

/** How {@link httpTransport} sends. */
export interface HttpTransportOptions {
  /** Asked before each attempt, for instance for an `authorization` header. */
  readonly headers?: HeaderSource
  /** `globalThis.fetch` by default. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Attempts after the first; 4 by default. */
  readonly retries?: number
  /** The longest wait before the first retry; doubles with each one. 250 by default. */
  readonly retryDelayMs?: number
  /** The longest wait before any retry; an answer whose `Retry-After` asks for more is not tried again. 10,000 by default. */
  readonly maxRetryDelayMs?: number
  /** For one attempt, until the last byte of the answer; 30,000 by default. */
  readonly timeoutMs?: number
  /** 8 MiB by default. */
  readonly maxResponseBytes?: number
  /** Waits between attempts. A timer by default; it need not watch the signal. */
  readonly wait?: (delayMs: number) => Promise<void>
}

/** Too many requests, and what proxies say while the server restarts. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504])

interface Outcome {
  readonly response: TransportResponse
  readonly retryAfterMs: number
}

/**
 * Sends requests with `fetch`. An attempt that failed on the way, or that met 429, 502, 503 or 504, is repeated with
 * the same bytes after a random, growing wait; the last answer is given as it is.
 *
 * Redirects are refused: the headers are for this server only.
 *
 * @param baseUrl https, or http on a loopback host
 * @throws {TypeError} if the URL is not one of these, or holds a password, a query or a fragment
 * @throws {RangeError} if a number is out of range
 */
export function httpTransport(baseUrl: string, options: HttpTransportOptions = {}): Transport {
  const base = checkBaseUrl(baseUrl, 'baseUrl')
  const retries = atLeast(0, options.retries ?? 4, 'retries')
  const retryDelayMs = atLeast(0, options.retryDelayMs ?? 250, 'retryDelayMs')
  const maxRetryDelayMs = atLeast(0, options.maxRetryDelayMs ?? 10_000, 'maxRetryDelayMs')
  const timeoutMs = atLeast(1, options.timeoutMs ?? 30_000, 'timeoutMs')
  const maximum = atLeast(1, options.maxResponseBytes ?? MAX_RESPONSE_BYTES, 'maxResponseBytes')
  const send = options.fetch ?? ((url: string, init: RequestInit) => globalThis.fetch(url, init))
  const wait = options.wait ?? ((delayMs: number) => new Promise<void>((done) => setTimeout(done, delayMs)))

  async function exchange(url: string, init: RequestInit): Promise<Outcome> {
    const answer = await send(url, init)
    return { response: await readResponse(answer, maximum), retryAfterMs: retryAfter(answer) }
  }

  async function attempt(url: string, init: RequestInit, request: TransportRequest): Promise<Outcome> {
    const headers = await untilAborted(request.signal, requestHeaders(options.headers, request))
    const deadline = new AbortController()
    const stop = () => deadline.abort()
    request.signal?.addEventListener('abort', stop)
    const timer = setTimeout(stop, timeoutMs)
    try {
      const { signal } = deadline
      // Raced as well: not every fetch watches its signal.
      return await untilAborted(signal, exchange(url, { ...init, headers, redirect: 'error', signal }))
    } catch (cause) {
      if (request.signal?.aborted) throw abortedBy(request.signal)
      if (deadline.signal.aborted) throw new MpcError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause })
      if (isMpcError(cause)) throw cause
      throw new MpcError('NETWORK_ERROR', 'the server could not be reached', { cause })
    } finally {
      clearTimeout(timer)
      request.signal?.removeEventListener('abort', stop)
    }
  }

  return {
    async request(request) {
      const url = requestUrl(base, request)
      const init = requestInit(request)
      for (let retry = 0; ; retry++) {
        if (request.signal?.aborted) throw abortedBy(request.signal)
        let retryAfterMs = 0
        try {
          const outcome = await attempt(url, init, request)
          if (!PASSING_STATUSES.has(outcome.response.status) || retry === retries) return outcome.response
          ;({ retryAfterMs } = outcome)
          // Sooner would be in vain, and later is for the caller to decide.
          if (retryAfterMs > maxRetryDelayMs) return outcome.response
        } catch (error) {
          if (!isMpcError(error) || !error.retryable || retry === retries) throw error
        }
        // Between half and all of the growing delay, so that clients do not return in step.
        const backoffMs = retryDelayMs * 2 ** retry * (0.5 + 0.5 * Math.random())
        await untilAborted(request.signal, wait(Math.max(Math.min(maxRetryDelayMs, backoffMs), retryAfterMs)))
      }
    },
  }
}

function atLeast(minimum: number, value: number, name: string): number {
  if (!Number.isFinite(value) || value < minimum) throw new RangeError(`${name} must be at least ${minimum}`)
  return value
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfter(response: Response): number {
  const value = response.headers.get('retry-after') ?? ''
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(delayMs) ? 0 : Math.max(0, delayMs)
}
