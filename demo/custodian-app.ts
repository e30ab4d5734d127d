import { randomBytes } from 'node:crypto'
import { createCustodian } from 'reshare/custodian'
import { pgliteDatabase } from 'reshare/server/pglite'
import { listen } from './listen.ts'

// The app's own backend: it keeps the custodian's halves and the cipherTexts, and knows its users by their session.
const { DATA, WEBHOOK_SECRET, USER_ID, CLIENT_ID, SESSION, ALLOWED_ORIGINS } = process.env as Record<string, string>

const database = pgliteDatabase(DATA)
const app = createCustodian({
  database,
  masterKey: randomBytes(32),
  webhookSecret: WEBHOOK_SECRET!,
  // The origins of the demo's pages.
  ...(ALLOWED_ORIGINS && { allowedOrigins: ALLOWED_ORIGINS.split(',') }),
  authenticateUser: ({ headers }) =>
    headers.get('authorization') === `Bearer ${SESSION}` ? { userId: USER_ID!, clientId: CLIENT_ID! } : undefined,
})
listen(app, {}, () => database.close())
