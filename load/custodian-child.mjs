// @ts-check
// The app's backend of the load run: the ready handler on a database of its own, whose webhooks fail at times.
import { serve } from '@hono/node-server'
import { createCustodian } from 'reshare/custodian'
import { postgresDatabase } from 'reshare/server/postgres'
import { answerCalls, argument } from './calls.mjs'
import { createFailures } from './failures.mjs'
import { createRandom } from './random.mjs'

/** What may happen to a webhook request, by weight. */
const FATES = { fine: 94, refused: 2, failedAfter: 2, never: 1, slow: 1 }

/** @type {{ port: number, databaseUrl: string, pool: number, secret: string, seed: number }} */
const { port, databaseUrl, pool, secret, seed } = argument()
const random = createRandom(seed)
const failures = createFailures()
const database = postgresDatabase({ connectionString: databaseUrl, max: pool, connectionTimeoutMillis: 10_000 })
const custodian = createCustodian({
  database,
  masterKey: new Uint8Array(32).fill(1),
  webhookSecret: secret,
  authenticateUser: () => undefined,
  onError: failures.add,
})
let troubled = false
let failed = 0

/** @param {Request} request */
async function answer(request) {
  const fate = troubled ? random.weighted(FATES) : 'fine'
  if (fate === 'fine') return custodian.fetch(request)
  failed += 1
  if (fate === 'refused') return new Response(null, { status: 503 })
  // Never: longer than the server waits.
  if (fate === 'never') await new Promise((resolve) => setTimeout(resolve, 5000))
  if (fate === 'slow') await new Promise((resolve) => setTimeout(resolve, 1000))
  const response = await custodian.fetch(request)
  return fate === 'failedAfter' ? new Response(null, { status: 500 }) : response
}

serve({ hostname: '127.0.0.1', port, fetch: answer }, () => process.send?.({ ready: true }))

answerCalls({
  trouble(/** @type {boolean} */ on) {
    troubled = on
  },
  take: () => ({ failed, failures: failures.take() }),
})
