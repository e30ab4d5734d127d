import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { postgresDatabase } from '../../src/service/database/postgres.ts'
import type { Database } from '../../src/service/database/types.ts'
import { createPostgres, databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, play, type ClientOperation, type ServerClient } from '../support/server-client.ts'
import { newWallet, setIdOf, setup, sign, signEcdsa, type TestWallet } from './support/wallets.ts'
import { createWorld, type World } from './support/world.ts'

// What waits for one row waits in its process, and leaves the connections to the database to all others.

const CONNECTIONS = 4
const REQUESTS = 12

const hasPostgres = databaseKinds.some(({ name }) => name === 'PostgreSQL')

describe.runIf(hasPostgres)('a client whose requests all wait for one row', () => {
  let world: World
  let drop: () => Promise<void>
  /** Holds rows, by no connection of the server's. */
  let outside: Database
  let thief: ServerClient
  let stolen: TestWallet
  let other: ServerClient
  let wallet: TestWallet
  beforeEach(async () => {
    const made = await createPostgres()
    drop = made.drop
    outside = postgresDatabase(made.url)
    const database = postgresDatabase({ connectionString: made.url, max: CONNECTIONS })
    world = createWorld(database, seededRandom())
    await world.server().sweep()
    const server = world.server({ limits: { requestMs: 10_000 } })
    ;[thief, other] = [world.client([server]), world.client([server])]
    ;[stolen, wallet] = [await newWallet(thief), await newWallet(other)]
  })
  afterEach(async () => {
    await world.database.close()
    await outside.close()
    await drop()
  })

  /** What the requests of the client wait for, and how to make one. */
  const waiting: Record<string, readonly [hold: string, of: () => string, make: () => Promise<ClientOperation>]> = {
    'signatures, the count of their set': [
      `select 1 from reshare_rates where subject = 'set ' || $1 and kind = 'sign' for update`,
      () => setIdOf(stolen.signing),
      async () => sign(thief, stolen.signing),
    ],
    'operations that begin, the lock of their client': [
      `select pg_advisory_xact_lock(hashtextextended('reshare client ' || $1, 0))`,
      () => thief.clientId,
      async () => setup(thief, stolen),
    ],
    'rounds of ECDSA, the setup of their set': [
      'select 1 from reshare_ot_states where set_id = $1 for update',
      () => setIdOf(stolen.signing),
      async () => {
        const operation = signEcdsa(thief, stolen)
        operation.take(await operation.post())
        return operation
      },
    ],
  }

  test.each(Object.entries(waiting))(
    '(%s) keeps nobody else waiting',
    async (_, [hold, of, make]) => {
      await play(sign(thief, stolen.signing))
      const operations: ClientOperation[] = []
      for (let i = 0; i < REQUESTS; i++) operations.push(await make())
      let answers: ReturnType<ClientOperation['post']>[] = []
      await outside.transaction(async (tx) => {
        await tx.query(hold, [of()])
        answers = operations.map((operation) => operation.post())
        const held = () => outside.query(`select 1 from pg_locks where not granted`)
        while ((await held()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
        await play(sign(other, wallet.signing))
      }, 'read committed')
      for (const answer of await Promise.all(answers)) {
        if (answer.status !== 200) expect(codeOf(answer)).toBe('OPERATION_IN_PROGRESS')
      }
      expect((await answers[0])?.status).toBe(200)
    },
    20_000,
  )
})
