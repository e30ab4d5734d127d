import { randomBytes } from 'node:crypto'
import { webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { listen } from './listen.ts'

const { DATA, WEBHOOK_URL, WEBHOOK_SECRET, CLIENT_ID } = process.env as Record<string, string>

const database = pgliteDatabase(DATA)
const tokens = apiTokens(database)
const server = createServer({
  database,
  masterKey: randomBytes(32),
  authenticate: tokens.authenticate,
  custodian: webhookCustodian({ url: WEBHOOK_URL!, secret: WEBHOOK_SECRET! }),
})
listen(server, { token: await tokens.create(CLIENT_ID!) }, () => database.close())
