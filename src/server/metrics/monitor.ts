import { assertObject } from '../../util/arguments.ts'
import { createSecretComparison, isHeaderSecret } from '../../service/secret-check.ts'
import type { Readiness } from '../readiness.ts'
import type { Metrics } from './create-metrics.ts'
import { METRICS_CONTENT_TYPE } from './exposition.ts'

/** Options of {@link createMonitor}. */
export interface MonitorOptions {
  /** The server that `/ready` asks. */
  readonly server: {
    /** That of `createServer`. */
    readonly ready: () => Promise<Readiness>
  }
  /** What `/metrics` responds with, to whoever has the token. Default: there is no `/metrics`. */
  readonly metrics?: Pick<Metrics, 'expose'>
  /** Required with `metrics`: 16 or more printable ASCII characters, sent as `Authorization: Bearer …`. */
  readonly metricsToken?: string
}

/** The operators' view of a server. */
export interface Monitor {
  /** Handles one request: `GET /health`, `/ready` or `/metrics`. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>
  /** From now on `/ready` says no: the process is about to end, and finishes what it has. */
  readonly drain: () => void
}

/**
 * Creates a handler for those who run the server: `/health` says that the process lives, `/ready` whether it can handle
 * requests now, `/metrics` has the metrics. Listen with it on an address of its own that clients do not reach: only
 * `/metrics` asks for a token.
 *
 * @throws {TypeError} if an option is wrong
 */
export function createMonitor(options: MonitorOptions): Monitor {
  const { server, metrics, metricsToken } = assertObject(options, 'createMonitor')
  if (typeof server?.ready !== 'function') throw new TypeError('server is required')
  if (metrics !== undefined && typeof metrics?.expose !== 'function') throw new TypeError('metrics must be metrics')
  if ((metrics === undefined) !== (metricsToken === undefined)) {
    throw new TypeError('metrics and metricsToken go together')
  }
  if (metricsToken !== undefined && !isHeaderSecret(metricsToken)) {
    throw new TypeError('metricsToken must be 16 or more printable ASCII characters')
  }
  const isAllowed = metricsToken === undefined ? () => false : createSecretComparison(`Bearer ${metricsToken}`)
  let draining = false

  const handlers: Readonly<Record<string, (request: Request) => Promise<Response>>> = {
    '/health': async () => json(200, { status: 'ok' }),
    async '/ready'() {
      if (draining) return json(503, { ready: false, draining })
      const readiness = await server.ready()
      return json(readiness.ready ? 200 : 503, readiness)
    },
    ...(metrics !== undefined && {
      async '/metrics'({ headers }: Request) {
        if (!isAllowed(headers.get('authorization') ?? '')) {
          return json(401, { error: 'not authorized' }, { 'www-authenticate': 'Bearer' })
        }
        const contentType = { 'content-type': METRICS_CONTENT_TYPE }
        return new Response(await metrics.expose(), { headers: { ...NO_STORE, ...contentType } })
      },
    }),
  }
  return {
    async fetch(request) {
      try {
        const { pathname } = new URL(request.url)
        const handle = Object.hasOwn(handlers, pathname) ? handlers[pathname] : undefined
        if (handle === undefined) return json(404, { error: 'no such endpoint' })
        if (request.method !== 'GET') return json(405, { error: 'GET only' }, { allow: 'GET' })
        return await handle(request)
      } catch {
        return json(500, { error: 'the monitor failed' })
      }
    },
    drain() {
      draining = true
    },
  }
}

const NO_STORE = { 'cache-control': 'no-store' }

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers: { ...NO_STORE, ...headers } })
}
