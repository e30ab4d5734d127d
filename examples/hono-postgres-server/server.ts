// A signing server on Hono and PostgreSQL. It keeps nothing in memory between requests: run as many as you like on one database.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'
import { setting } from './settings.js'

const database = postgresDatabase(setting('DATABASE_URL'))
const server = createServer({
  database,
  // Seals every share and session. Without it a leaked database gives no share away; if it is lost, so is every share.
  masterKey: Buffer.from(setting('RESHARE_MASTER_KEY'), 'hex'),
  // Or your own login: `(request) => ({ clientId })`.
  authenticate: apiTokens(database).authenticate,
  // Your backend, such as examples/express-custodian.
  custodian: webhookCustodian({ url: setting('RESHARE_CUSTODIAN_URL'), secret: setting('RESHARE_WEBHOOK_SECRET') }),
  // Your own rules. This app has no Taproot; docs/policies.md has rules for recipients and amounts.
  policy: ({ action, scheme }) => action !== 'sign' || scheme !== 'bip340',
  allowedOrigins: process.env['RESHARE_ALLOWED_ORIGINS']?.split(',') ?? [],
})

const app = new Hono()
app.get('/ready', async (context) => {
  const readiness = await server.ready()
  return context.json(readiness, readiness.ready ? 200 : 503)
})
app.mount('/', server.fetch)

const listener = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT'] ?? 8787) },
  ({ port }) => process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`),
)

const report = (error: unknown): void => void process.stderr.write(`${String(error)}\n`)
// Ends what was cut off, and deletes what is over. Of several processes any may do it, and all may.
const sweeping = setInterval(() => void server.sweep().catch(report), 60_000)

process.once('SIGTERM', () => {
  clearInterval(sweeping)
  // The requests under way are finished first.
  listener.close(() => void database.close().catch(report))
})
