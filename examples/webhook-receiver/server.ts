import { serve } from '@hono/node-server'
import { createReceiver } from './receiver.js'

const secret = process.env['RESHARE_EVENTS_SECRET']
if (!secret) throw new Error('RESHARE_EVENTS_SECRET must be set')

// Stands for what your app does: a mail to the user, a list of devices, an alarm.
const receiver = createReceiver(secret, new Map(), ({ type, data }) =>
  process.stdout.write(`${data.clientId} ${data.sequence} ${type}\n`),
)
serve({ fetch: receiver.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT'] ?? 3001) }, ({ port }) =>
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/events` })}\n`),
)
