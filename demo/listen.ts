import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'

interface FetchApp {
  readonly fetch: (request: Request) => Promise<Response>
}

/**
 * Serves on a free loopback port, tells the parent process where, and ends with it.
 *
 * @param details what else the parent is told
 */
export function listen(app: FetchApp, details: object, close: () => Promise<void>): void {
  const listener = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }: AddressInfo) => {
    process.send!({ ready: { url: `http://127.0.0.1:${port}`, ...details } })
  })
  process.once('disconnect', () => {
    listener.close()
    void close().finally(() => process.exit())
  })
}
