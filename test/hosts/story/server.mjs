// The server that a framework mounts, as an app has it in a file of its own; its custodian listens by itself.
import { serve } from '@hono/node-server'
import { createServices } from './services.mjs'

/** @type {Partial<ReturnType<typeof createServices>>} */
const services = {}
const port = await new Promise((ready) => {
  const options = { fetch: (request) => services.backend(request), hostname: '127.0.0.1', port: 0 }
  serve(options, (address) => ready(address.port))
})
Object.assign(services, createServices(`http://127.0.0.1:${port}`))

/** As `createServer` returns it. */
export const server = { fetch: services.front }

/** The API token of a new client. */
export const newToken = async () => (await services.front(new Request('http://localhost/token'))).text()
