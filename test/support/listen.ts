import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'

/** Serves a fetch handler on a free loopback port. */
export async function listen(fetch: (request: Request) => Response | Promise<Response>) {
  let ready = (_: AddressInfo) => {}
  const address = new Promise<AddressInfo>((resolve) => (ready = resolve))
  const listener = serve({ fetch, hostname: '127.0.0.1', port: 0 }, ready)
  const { port } = await address
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        listener.close(() => resolve())
        if ('closeAllConnections' in listener) listener.closeAllConnections()
      }),
  }
}
