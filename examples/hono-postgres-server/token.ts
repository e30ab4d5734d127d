// Prints a new API token of a client: `npm run token -- ann`. Only its hash is stored.
import { apiTokens } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'
import { setting } from './settings.js'

const [clientId] = process.argv.slice(2)
if (clientId === undefined) throw new Error('usage: npm run token -- CLIENT_ID')

const database = postgresDatabase(setting('DATABASE_URL'))
try {
  process.stdout.write(`${await apiTokens(database).create(clientId)}\n`)
} finally {
  await database.close()
}
