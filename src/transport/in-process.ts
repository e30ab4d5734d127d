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

/** Anything that answers web-standard requests, as `createServer` makes. */
export interface FetchServer {
  /** Responds to one request, as a server's `fetch` does. */
  fetch(request: Request): Response | Promise<Response>
}

const BASE = 'http://in-process.localhost'

/**
 * Calls a server in the same process, without a network: for tests, and for a client that runs beside its server.
 *
 * @param options.headers of each request, for instance `authorization`: as they are, or a function that is asked before each
 */
export function inProcessTransport(server: FetchServer, options: { readonly headers?: HeaderSource } = {}): Transport {
  if (typeof server?.fetch !== 'function') throw new TypeError('server must have a fetch method')
  const source = headerSource(options.headers)
  return {
    async request(request) {
      const url = requestUrl(BASE, request)
      const init = requestInit(request)
      const { signal } = request
      if (signal?.aborted) throw abortedBy(signal)
      const headers = await untilAborted(signal, requestHeaders(source, request))
      return exchangeOnce(signal, undefined, async (signal) =>
        readResponse(await server.fetch(new Request(url, { ...init, headers, signal })), MAX_RESPONSE_BYTES),
      )
    },
  }
}
