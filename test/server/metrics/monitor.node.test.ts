import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMetrics, createMonitor, type Monitor, type Readiness } from '../../../src/server/index.ts'
import { createSecretComparison } from '../../../src/service/secret-check.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { serverSchema } from '../../../src/server/schema.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { seededRandom } from '../../support/random.ts'
import { parseExposition, valueOf } from '../support/exposition.ts'
import { newWallet, preprocessed } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

const TOKEN = 'a-token-of-the-metrics'

let world: World
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  // Opening the embedded database takes longer than a readiness check waits, where many tests run at once.
  await world.server().sweep()
})
afterAll(() => world.database.close())

const get = (monitor: Monitor, path: string, init: RequestInit = {}) =>
  monitor.fetch(new Request(`http://localhost${path}`, init))
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

describe('a monitor', () => {
  let monitor: Monitor
  beforeEach(() => {
    const metrics = createMetrics({ database: world.database })
    monitor = createMonitor({ server: world.server({ onMetric: metrics.onMetric }), metrics, metricsToken: TOKEN })
  })

  test('says that the process lives, and whether it is ready', async () => {
    expect(await (await get(monitor, '/health')).json()).toEqual({ status: 'ok' })
    const response = await get(monitor, '/ready')
    expect([response.status, await response.json()]).toEqual([
      200,
      { ready: true, database: 'ok', auditLog: 'ok', custodian: 'configured' },
    ])
  })

  test('is not ready while the process drains', async () => {
    monitor.drain()
    expect((await get(monitor, '/ready')).status).toBe(503)
    expect((await get(monitor, '/health')).status).toBe(200)
  })

  test('gives the metrics to whoever has the token', async () => {
    const response = await get(monitor, '/metrics', bearer(TOKEN))
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(parseExposition(await response.text()).size).toBeGreaterThan(10)
  })

  test.each([
    ['none', {}],
    ['another', bearer('another-token-of-it')],
    ['the beginning of it', bearer(TOKEN.slice(0, -1))],
    ['more than it', bearer(`${TOKEN}x`)],
    ['it in other letters', bearer(TOKEN.toUpperCase())],
    ['an empty one', bearer('')],
    ['it without the scheme', { headers: { authorization: TOKEN } }],
    ['it in another scheme', { headers: { authorization: `Basic ${TOKEN}` } }],
  ])('and to nobody else: %s', async (_, init) => {
    const response = await get(monitor, '/metrics', init)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('reshare_')
  })

  test.each([
    ['/', 'GET', 404],
    ['/metrics/', 'GET', 404],
    ['/constructor', 'GET', 404],
    ['/v1/devices', 'GET', 404],
    ['/health', 'POST', 405],
    ['/metrics', 'DELETE', 405],
  ])('has nothing else: %s %s', async (path, method, status) => {
    expect((await get(monitor, path, { method, ...bearer(TOKEN) })).status).toBe(status)
  })
})

test('without a token there are no metrics', async () => {
  const monitor = createMonitor({ server: world.server() })
  expect((await get(monitor, '/metrics', bearer(TOKEN))).status).toBe(404)
})

test.each([
  [{ metricsToken: TOKEN }, 'go together'],
  [{ metrics: createMetrics() }, 'go together'],
  [{ metrics: createMetrics(), metricsToken: 'short' }, '16 or more'],
  [{ metrics: {}, metricsToken: TOKEN }, 'metrics must be'],
  [{ server: {} }, 'server is required'],
])('refuses options that are wrong: %o', (options, message) => {
  expect(() => createMonitor({ server: world.server(), ...options } as never)).toThrow(message)
})

test('a comparison takes the hash of what is given, whatever its length', () => {
  const matches = createSecretComparison(TOKEN)
  expect([TOKEN, '', TOKEN.slice(1), 'x'.repeat(100_000)].map(matches)).toEqual([true, false, false, false])
})

describe('readiness', () => {
  const down = new Error('the database is down')

  async function readinessWith(database: Database): Promise<{ ready: () => Promise<Readiness>; errors: unknown[] }> {
    const errors: unknown[] = []
    const { ready } = world.server({ database, onError: (error) => errors.push(error) })
    return { ready, errors }
  }

  test('says so while the database is down, tells onError once, and recovers', async () => {
    let isDown = false
    const query: Database['query'] = async (...statement) => {
      if (isDown) throw down
      return world.database.query(...statement)
    }
    const { ready, errors } = await readinessWith({ ...world.database, query })
    expect((await ready()).ready).toBe(true)
    isDown = true
    for (let i = 0; i < 3; i++) {
      expect(await ready()).toEqual({ ready: false, database: 'failed', auditLog: 'failed', custodian: 'configured' })
    }
    expect(errors).toEqual([down])
    isDown = false
    expect((await ready()).ready).toBe(true)
  })

  test('says so once a newer version has changed the tables in a way that leaves this one out', async () => {
    const { ready, errors } = await readinessWith(world.database)
    expect((await ready()).ready).toBe(true)
    const setVersions = (version: number, oldest: number) =>
      world.database.query("update reshare_schema set version = $1, oldest = $2 where component = 'server'", [
        version,
        oldest,
      ])
    const own = serverSchema.migrations.length
    try {
      await setVersions(own + 1, own)
      expect((await ready()).ready).toBe(true)
      await setVersions(own + 1, own + 1)
      expect(await ready()).toMatchObject({ ready: false, database: 'failed' })
      expect(String(errors)).toContain(`needs processes of version ${own + 1} or later`)
    } finally {
      await setVersions(own, serverSchema.oldest)
    }
    expect((await ready()).ready).toBe(true)
  })

  test('says so if no master key opens the log', async () => {
    await newWallet(world.client())
    const errors: unknown[] = []
    const masterKey = new Uint8Array(32).fill(9)
    const { ready } = world.server({ masterKey, onError: (error) => errors.push(error) })
    expect(await ready()).toMatchObject({ ready: false, database: 'ok', auditLog: 'failed' })
    expect(errors).toMatchObject([{ code: 'SHARE_PARSING_FAILED' }])
  })

  test('does not wait for a database that hangs', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { ready, errors } = await readinessWith({ ...world.database, query: () => new Promise(() => undefined) })
      const asked = ready()
      await vi.advanceTimersByTimeAsync(5_000)
      expect((await asked).database).toBe('failed')
      expect(errors).toHaveLength(1)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('the gauges of the database', () => {
  test('count what it holds, and are read once in 10 seconds', async () => {
    const server = world.server({ custodian: { ...world.custodian } })
    const client = world.client([server])
    await preprocessed(client, await newWallet(client))
    await world.database.query(
      `insert into reshare_custodian_records (client_id, set_id, operation_id, deletion_pending) values ('a', 'b', 'c', true)`,
    )
    await world.database.query('update reshare_preprocessings set expires_at = $1', [new Date(Date.now() + 1e6)])
    const query = vi.fn((sql: string) => world.database.query(sql))
    const { expose } = createMetrics({ database: { query } })
    const text = await expose()
    expect(valueOf(text, 'reshare_custodian_deletions_pending')).toBe(1)
    expect(valueOf(text, 'reshare_preprocessings')).toBe(1)
    expect(valueOf(text, 'reshare_sets_retiring')).toBe(0)
    expect(await expose()).toBe(text)
    expect(query).toHaveBeenCalledTimes(1)
  })

  test('are left out while the database is down; the rest is there', async () => {
    const { expose } = createMetrics({
      database: {
        query: async () => {
          throw new Error('down')
        },
      },
    })
    const text = await expose()
    expect(valueOf(text, 'reshare_database_gauges_up')).toBe(0)
    expect([...parseExposition(text).keys()]).not.toContain('reshare_preprocessings')
    expect([...parseExposition(text).keys()]).toContain('reshare_set_events_total')
  })
})
