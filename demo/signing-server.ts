import { randomBytes } from 'node:crypto'
import { webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { bitcoinIntents } from 'reshare/policy/bitcoin'
import { ethereumIntents } from 'reshare/policy/ethereum'
import { solanaIntents } from 'reshare/policy/solana'
import { listen } from './listen.ts'
import { policyOf } from './policy.ts'

const environment = process.env as Record<string, string>
const { DATA, WEBHOOK_URL, WEBHOOK_SECRET, CLIENT_ID } = environment
// Which demo it is, and the key to which requests are sealed; for the pages also their origins, what allows an export, and how
// long a recovery waits.
const { POLICY, CHANNEL_KEY, ALLOWED_ORIGINS, EXPORT_CODE, RECOVERY_DELAY_MS } = environment

const database = pgliteDatabase(DATA)
const tokens = apiTokens(database)
const server = createServer({
  database,
  masterKey: randomBytes(32),
  authenticate: tokens.authenticate,
  custodian: webhookCustodian({ url: WEBHOOK_URL!, secret: WEBHOOK_SECRET! }),
  ...(ALLOWED_ORIGINS && { allowedOrigins: ALLOWED_ORIGINS.split(',') }),
  ...(CHANNEL_KEY && { channelKeys: [Buffer.from(CHANNEL_KEY, 'hex')], requireSealed: true }),
  policy: policyOf(POLICY === 'page' ? 'page' : 'terminal', Number(RECOVERY_DELAY_MS)),
  intents: [ethereumIntents(), bitcoinIntents(), solanaIntents()],
  ...(EXPORT_CODE && { authorizeExport: ({ authorization }) => authorization === EXPORT_CODE }),
})
listen(server, { token: await tokens.create(CLIENT_ID!) }, () => database.close())
