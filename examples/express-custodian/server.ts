// An app's backend in Express. It is the custodian: it keeps a share of each backup, and the cipherTexts. It tells the devices
// of a user where the signing server is, and gives them their token.
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { createCustodian } from 'reshare/custodian'
import { pgliteDatabase } from 'reshare/server/pglite'

/** @throws {Error} if it is missing */
function setting(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} must be set`)
  return value
}

// Stands for your own login: one user, whose session is in the environment. `clientId` is the user at the signing server.
const user = { userId: 'ann', clientId: 'ann' }
const sessionHash = hash(`Bearer ${setting('APP_SESSION')}`)
const userOf = (authorization: string | null | undefined) =>
  timingSafeEqual(hash(authorization ?? ''), sessionHash) ? user : undefined

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

const database = pgliteDatabase(process.env['DATA_FOLDER'] ?? './custodian-data') // several processes: `postgresDatabase(url)`
const custodian = createCustodian({
  database,
  masterKey: Buffer.from(setting('CUSTODIAN_MASTER_KEY'), 'hex'), // seals the shares; not the signing server's key
  webhookSecret: setting('RESHARE_WEBHOOK_SECRET'), // the signing server shows it
  authenticateUser: ({ headers }) => userOf(headers.get('authorization')),
})

const app = express()
// Before anything that reads bodies: the custodian reads them itself.
app.use('/custodian', getRequestListener(custodian.fetch))
app.use(express.json())
app.get('/login', (request, response) => {
  if (userOf(request.get('authorization')) === undefined) return void response.status(401).end()
  response.set('cache-control', 'no-store')
  response.json({ userId: user.userId, signingServer: setting('SIGNING_URL'), token: setting('SIGNING_TOKEN') })
})

const listener = createServer(app).listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`)
})

const report = (error: unknown): void => void process.stderr.write(`${String(error)}\n`)
// Deletes what is over.
const sweeping = setInterval(() => void custodian.sweep().catch(report), 60_000)

process.once('SIGTERM', () => {
  clearInterval(sweeping)
  listener.close(() => void database.close().catch(report))
  listener.closeIdleConnections()
})
