import { randomBytes } from 'node:crypto'
import { webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { listen } from './listen.ts'

const { DATA, WEBHOOK_URL, WEBHOOK_SECRET, CLIENT_ID, ALLOWED_ORIGINS, CHANNEL_KEY } = process.env as Record<
  string,
  string
>

const database = pgliteDatabase(DATA)
const tokens = apiTokens(database)
const server = createServer({
  database,
  masterKey: randomBytes(32),
  authenticate: tokens.authenticate,
  custodian: webhookCustodian({ url: WEBHOOK_URL!, secret: WEBHOOK_SECRET! }),
  // The demo's pages: their origins, and the key to which they seal their requests.
  ...(ALLOWED_ORIGINS && { allowedOrigins: ALLOWED_ORIGINS.split(',') }),
  ...(CHANNEL_KEY && { channelKeys: [Buffer.from(CHANNEL_KEY, 'hex')], requireSealed: true }),
})
listen(server, { token: await tokens.create(CLIENT_ID!) }, () => database.close())
