import { runEvents } from './events.mjs'

await runEvents((handle) => {
  const server = globalThis.Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => undefined }, handle)
  return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() }
})
