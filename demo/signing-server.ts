import { randomBytes } from 'node:crypto'
import { webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { ethereumIntents } from 'reshare/policy/ethereum'
import { solanaIntents } from 'reshare/policy/solana'
import { listen } from './listen.ts'
import { policy } from './policy.ts'

const environment = process.env as Record<string, string>
const { DATA, WEBHOOK_URL, WEBHOOK_SECRET, CLIENT_ID } = environment
// The key to which requests are sealed; for the demo's pages, their origins and what allows an export; for the one in the
// terminal, that there is a policy.
const { ALLOWED_ORIGINS, CHANNEL_KEY, EXPORT_CODE, POLICY } = environment

const database = pgliteDatabase(DATA)
const tokens = apiTokens(database)
const server = createServer({
  database,
  masterKey: randomBytes(32),
  authenticate: tokens.authenticate,
  custodian: webhookCustodian({ url: WEBHOOK_URL!, secret: WEBHOOK_SECRET! }),
  ...(ALLOWED_ORIGINS && { allowedOrigins: ALLOWED_ORIGINS.split(',') }),
  ...(CHANNEL_KEY && { channelKeys: [Buffer.from(CHANNEL_KEY, 'hex')], requireSealed: true }),
  ...(POLICY && { policy, intents: [ethereumIntents(), solanaIntents()] }),
  ...(EXPORT_CODE && { authorizeExport: ({ authorization }) => authorization === EXPORT_CODE }),
})
listen(server, { token: await tokens.create(CLIENT_ID!) }, () => database.close())
