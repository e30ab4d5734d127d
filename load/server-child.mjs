// @ts-check
// One server process of the load run: the package's server on PostgreSQL, with a count of what it asks of it.
import { serve } from '@hono/node-server'
import { webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'
import { answerCalls, argument } from './calls.mjs'
import { createFailures } from './failures.mjs'
import { keepLedger } from './ha/ledger.mjs'
import { dropShares } from './plants.mjs'
import { watchPg } from './watch-pg.mjs'

/** @type {{ port: number, databaseUrl: string, pool: number, custodianUrl: string, secret: string, limits: import('reshare/server').LimitOptions, sweepMs: number, ledger: boolean, key: number }} */
const { port, databaseUrl, pool, custodianUrl, secret, limits, sweepMs, ledger: keeps, key } = argument()

const watched = watchPg()
const ledger = keeps ? keepLedger() : undefined
const failures = createFailures()
const database = postgresDatabase({ connectionString: databaseUrl, max: pool, connectionTimeoutMillis: 10_000 })
let requests = 0
const server = createServer({
  database,
  authenticate: apiTokens(database).authenticate,
  masterKey: new Uint8Array(32).fill(key),
  custodian: webhookCustodian({ url: custodianUrl, secret, timeoutMs: 3000 }),
  limits,
  onError: failures.add,
})
setInterval(() => void server.sweep().catch(failures.add), sweepMs)

serve(
  {
    hostname: '127.0.0.1',
    port,
    fetch(request) {
      requests += 1
      return server.fetch(request)
    },
  },
  () => process.send?.({ ready: true }),
)

answerCalls({
  plant: () => dropShares(database),
  ledger: () => ledger,
  take: () => ({ ...watched.take(), requests, failures: failures.take() }),
  heap() {
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  },
})
