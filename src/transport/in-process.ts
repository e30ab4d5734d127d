import { MpcError, isMpcError } from '../errors.ts'
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
import type { Transport } from './types.ts'

/** Anything that answers web-standard requests, as `createServer` makes. */
export interface FetchServer {
  fetch(request: Request): Response | Promise<Response>
}

const BASE = 'http://in-process.localhost'

/**
 * Calls a server in the same process, without a network: for tests, and for a client that runs beside its server.
 *
 * @param options.headers asked before each request, for instance for an `authorization` header
 */
export function inProcessTransport(server: FetchServer, options: { readonly headers?: HeaderSource } = {}): Transport {
  if (typeof server?.fetch !== 'function') throw new TypeError('server must have a fetch method')
  return {
    async request(request) {
      const url = requestUrl(BASE, request)
      const init = requestInit(request)
      const { signal } = request
      if (signal?.aborted) throw abortedBy(signal)
      const headers = await untilAborted(signal, requestHeaders(options.headers, request))
      return untilAborted(signal, answer(server, new Request(url, { ...init, headers, signal: signal ?? null })))
    },
  }
}

async function answer(server: FetchServer, request: Request) {
  try {
    return await readResponse(await server.fetch(request), MAX_RESPONSE_BYTES)
  } catch (cause) {
    if (isMpcError(cause, 'NETWORK_ERROR')) throw cause
    throw new MpcError('NETWORK_ERROR', 'the server failed without an answer', { cause })
  }
}
