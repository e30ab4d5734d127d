// Serves cloud providers that are emulated on this machine, for pages that are worked on without an account.
import { parseArgs } from 'node:util'
import { serve } from '@hono/node-server'
import { emulatedServices } from './emulated-services.ts'

const { values } = parseArgs({ options: { port: { type: 'string', default: '8791' } } })

const services = emulatedServices()
const server = serve(
  { fetch: (request) => services.fetch(request), hostname: '127.0.0.1', port: Number(values.port) },
  ({ port }) => {
    for (const name of services.names) process.stdout.write(`http://127.0.0.1:${port}/${name}\n`)
  },
)
process.once('SIGINT', () => server.close())
process.once('SIGTERM', () => server.close())
