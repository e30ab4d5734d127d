import { randomBytes } from 'node:crypto'
import { webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { listen } from './listen.ts'

const environment = process.env as Record<string, string>
const { DATA, WEBHOOK_URL, WEBHOOK_SECRET, CLIENT_ID } = environment
// For the demo's pages: their origins, the key to which they seal their requests, and what allows an export.
const { ALLOWED_ORIGINS, CHANNEL_KEY, EXPORT_CODE } = environment

const database = pgliteDatabase(DATA)
const tokens = apiTokens(database)
const server = createServer({
  database,
  masterKey: randomBytes(32),
  authenticate: tokens.authenticate,
  custodian: webhookCustodian({ url: WEBHOOK_URL!, secret: WEBHOOK_SECRET! }),
  ...(ALLOWED_ORIGINS && { allowedOrigins: ALLOWED_ORIGINS.split(',') }),
  ...(CHANNEL_KEY && { channelKeys: [Buffer.from(CHANNEL_KEY, 'hex')], requireSealed: true }),
  ...(EXPORT_CODE && { authorizeExport: ({ authorization }) => authorization === EXPORT_CODE }),
})
listen(server, { token: await tokens.create(CLIENT_ID!) }, () => database.close())
