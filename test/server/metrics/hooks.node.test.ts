import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetrics, type MetricEvent } from '../../../src/server/index.ts'
import { observeDatabase, observeOnCommit, safeHook } from '../../../src/server/observe.ts'
import { Misconfigured, Unavailable } from '../../../src/service/http.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { seededRandom } from '../../support/random.ts'
import { play } from '../../support/server-client.ts'
import { valueOf } from '../support/exposition.ts'
import { newWallet, sign } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), seededRandom())
})
afterAll(() => world.database.close())

const failure = new Error('the metrics are full')

describe.each([
  [
    'throws',
    () => {
      throw failure
    },
  ],
  ['rejects', () => Promise.reject(failure)],
])('a hook that %s', (_, hook) => {
  test('fails no request and no sweep, and is told once', async () => {
    const errors: unknown[] = []
    const server = world.server({ onMetric: hook, onRequest: hook, onError: (error) => errors.push(error) })
    const client = world.client([server])
    const wallet = await newWallet(client)
    await play(sign(client, wallet.signing))
    await server.sweep()
    expect((await server.ready()).ready).toBe(true)
    // One of each hook.
    expect(errors).toEqual([failure, failure])
  })
})

test('a hook whose failure makes onError fail, too, fails nothing', () => {
  const hook = safeHook(
    () => {
      throw failure
    },
    () => undefined,
  )
  expect(() => hook('an event')).not.toThrow()
})

test.each(['onMetric', 'onRequest'])('%s must be a function', (name) => {
  expect(() => world.server({ [name]: {} })).toThrow(`${name} must be a function`)
})

describe('an observed database', () => {
  const tx: Queryable = { query: async () => [] }

  function observed(transaction: Database['transaction']) {
    const events: MetricEvent[] = []
    const inner = { transaction, query: async () => [], migrate: async () => undefined, close: async () => undefined }
    return { events, database: observeDatabase(inner, (event) => events.push(event)) }
  }

  test('tells retries, and of each attempt only what has committed', async () => {
    const { events, database } = observed(async (work) => {
      await work(tx)
      await work(tx)
      return work(tx)
    })
    await database.transaction(async (inner) => observeOnCommit(inner, { name: 'setEvent', event: 'poisoned' }))
    expect(events).toEqual([
      { name: 'database', call: 'transaction', outcome: 'ok', retries: 2, ms: expect.any(Number) as number },
      { name: 'setEvent', event: 'poisoned' },
    ])
  })

  test.each([
    [new Unavailable('down'), 'unavailable'],
    [new Misconfigured('wrong'), 'misconfigured'],
    [Object.assign(new Error('duplicate key'), { code: '23505' }), 'refused'],
    [new Error('what the work itself throws'), 'ok'],
  ])('tells how it has failed: %s', async (error, outcome) => {
    const { events, database } = observed(async (work) => {
      await work(tx)
      throw error
    })
    const work = async (inner: Queryable) => observeOnCommit(inner, { name: 'setEvent', event: 'proven' })
    await expect(database.transaction(work)).rejects.toBe(error)
    expect(events).toMatchObject([{ name: 'database', outcome, retries: 0 }])
  })

  test('an event of a transaction that is not observed is dropped', () => {
    expect(() => observeOnCommit(tx, { name: 'setEvent', event: 'proven' })).not.toThrow()
  })
})

test('errors are counted by their kind', async () => {
  const metrics = createMetrics()
  const query = async () => {
    throw new Unavailable('down')
  }
  const database = { ...world.database, query, transaction: query as never }
  const server = world.server({ database, onMetric: metrics.onMetric, onError: () => undefined })
  const client = world.client([server])
  expect((await client.send('GET', '/v1/devices')).status).toBe(503)
  const text = await metrics.expose()
  expect(valueOf(text, 'reshare_errors_total', { kind: 'Unavailable' })).toBeGreaterThan(0)
  expect(valueOf(text, 'reshare_requests_total', { request: 'listDevices', code: 'INTERNAL' })).toBe(1)
  expect(valueOf(text, 'reshare_database_calls_total', { outcome: 'unavailable' })).toBeGreaterThan(0)
})
