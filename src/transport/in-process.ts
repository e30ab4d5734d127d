import { headerSource, requestHeaders, requestInit, requestUrl, type HeaderSource } from './request.ts'
import { abortedBy, exchangeOnce, untilAborted } from '../util/exchange.ts'
import { MAX_RESPONSE_BYTES, readResponse } from '../util/http-response.ts'
import type { Transport } from './types.ts'

/** An object that responds to web-standard requests, such as the server of `createServer`. */
export interface FetchServer {
  /** Responds to one request, as a server's `fetch` does. */
  fetch(request: Request): Response | Promise<Response>
}

const BASE = 'http://in-process.localhost'

/**
 * Calls a server in the same process, without a network. For tests, and for a client in the same process as its server.
 *
 * @param options.headers headers of each request, such as `authorization`, or a function that returns them before each
 *   request
 * @throws {TypeError} if the server has no `fetch` method, or the headers are invalid
 *
 * @example
 * const transport = inProcessTransport(server, { headers: { authorization } })
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
