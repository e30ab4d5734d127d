import { runEvents } from './events.mjs'

await runEvents((fetch) => {
  const server = globalThis.Bun.serve({ fetch, hostname: '127.0.0.1', port: 0 })
  return { url: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) }
})
