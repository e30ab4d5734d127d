import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { apiTokens, createMetrics, type HandledRequest, type MetricEvent } from '../../../src/server/index.ts'
import { REQUEST_NAMES } from '../../../src/server/observe.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { SqlValue } from '../../../src/service/database/types.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { paths } from '../../../src/wire/paths.ts'
import { readDocument } from '../../docs/openapi.ts'
import { seededRandom } from '../../support/random.ts'
import { play, postJson, type ServerClient } from '../../support/server-client.ts'
import { parseExposition, valueOf } from '../support/exposition.ts'
import { newBackup, newWallet, preprocessed, prove, recover, setIdOf, sign, signEcdsa } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), seededRandom())
})
afterEach(() => expect(world.errors.splice(0)).toEqual([]))
afterAll(() => world.database.close())

/** What happens to a wallet in its life. */
async function story(client: ServerClient): Promise<void> {
  const wallet = await newWallet(client)
  const backup = await newBackup(client, wallet)
  await play(sign(client, wallet.signing))
  await play(signEcdsa(client, wallet))
  await preprocessed(client, wallet)
  await play(prove(client, wallet.signing))
  await play(recover(client, backup))
  await postJson(client, paths.retire(setIdOf(wallet.signing)))
  const refused = await client.send('GET', paths.set('ab'.repeat(32)))
  expect(refused.status).toBe(401)
}

/** Every text and id that the database holds. */
async function textsOf(): Promise<string[]> {
  const tables = await world.database.query(
    `select table_name from information_schema.tables where table_name like 'reshare\\_%'`,
  )
  const rows = await Promise.all(
    tables.map(({ table_name: name }) => world.database.query(`select * from ${String(name)}`)),
  )
  const text = (value: SqlValue): string[] => {
    if (value instanceof Uint8Array) return [toHex(value)]
    return typeof value === 'string' ? [value] : []
  }
  return rows.flat().flatMap((row) => Object.values(row).flatMap(text))
}

describe('after a full story', () => {
  const events: MetricEvent[] = []
  const requests: HandledRequest[] = []
  let exposed: string
  let token: string
  beforeAll(async () => {
    const metrics = createMetrics({ database: world.database })
    const server = world.server({
      onMetric: (event) => {
        events.push(event)
        metrics.onMetric(event)
      },
      onRequest: (request) => requests.push(request),
      channelKeys: [generateKeyPair(world.random).secretKey],
    })
    const client = world.client([server], 'a client with a name')
    await story(client)
    await server.sweep()
    token = await apiTokens(world.database).create('another client')
    exposed = await metrics.expose()
  })

  test('the output is of the text format, and counts what has happened', () => {
    const families = parseExposition(exposed)
    expect([...families.keys()].every((name) => name.startsWith('reshare_'))).toBe(true)
    expect([...families.values()].every(({ help }) => help.length > 10)).toBe(true)
    const counted = (name: string, labels: Record<string, string>) => valueOf(exposed, name, labels)
    expect(counted('reshare_rounds_total', { kind: 'generate', code: 'OK' })).toBe(2)
    expect(counted('reshare_rounds_total', { kind: 'recover', round: '3', code: 'OK' })).toBe(1)
    expect(counted('reshare_rounds_total', { kind: 'sign' })).toBe(3)
    expect(counted('reshare_round_duration_seconds_count', { kind: 'preprocess' })).toBe(2)
    expect(counted('reshare_requests_total', { request: 'confirmBackup', code: 'OK', channel: 'open' })).toBe(1)
    expect(counted('reshare_requests_total', { request: 'getSet', code: 'AUTH_FAILED' })).toBe(1)
    expect(counted('reshare_set_events_total', { event: 'confirmed' })).toBe(1)
    expect(counted('reshare_set_events_total', { event: 'destroyed' })).toBe(1)
    expect(counted('reshare_set_events_total', { event: 'poisoned' })).toBe(0)
    expect(counted('reshare_custodian_calls_total', { outcome: 'ok' })).toBeGreaterThan(2)
    expect(counted('reshare_database_calls_total', { call: 'transaction', outcome: 'ok' })).toBeGreaterThan(10)
    expect(counted('reshare_sweeps_total', { outcome: 'ok' })).toBeGreaterThan(0)
    expect(counted('reshare_database_gauges_up', {})).toBe(1)
    expect(counted('reshare_epoch', {})).toBe(1)
  })

  test('neither the output nor an event has an id, a token or text of a client', async () => {
    const texts = [...new Set([...(await textsOf()), token, 'a client with a name', 'laptop', 'phone'])]
    const kept = texts.filter((text) => text.length >= 5 && !KNOWN.has(text))
    expect(kept.length).toBeGreaterThan(50)
    const named = JSON.stringify(events, (key, value: unknown) => (key === 'ms' ? 0 : value))
    // Without the values, which are numbers.
    const written = exposed.replace(/ \S+$/gm, '') + named
    expect(kept.filter((text) => written.includes(text))).toEqual([])
    expect(written).not.toMatch(/[0-9a-f]{16}/)
  })

  test('each request is told, with the id of its operation alone', () => {
    const rounds = requests.filter(({ request }) => request === 'sendRound')
    expect(rounds.every(({ operationId }) => /^[0-9a-f]{32}$/.test(operationId as string))).toBe(true)
    expect(requests.find(({ request }) => request === 'getSet')).toEqual({
      request: 'getSet',
      outcome: 'AUTH_FAILED',
      status: 401,
      sealed: false,
      ms: expect.any(Number) as number,
    })
  })
})

/** What the database holds that is no text of a client: states, kinds, names of events and columns. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED', 'COMMIT', 'ABORT', 'PASSWORD', 'signing', 'backup'],
  ...['generate', 'import', 'recover', 'refresh', 'join', 'prove', 'sign', 'export', 'setup', 'preprocess'],
  ...['logStarted', 'prepared', 'committed', 'activated', 'replaces', 'confirmed', 'proven', 'retiring', 'destroyed'],
  ...['aborted', 'recoveryStarted', 'epoch', 'server', 'reshare_server', 'deviceAdded'],
])

test('requests have the names of the OpenAPI document', () => {
  const { root } = readDocument('docs/reference/openapi-server.json')
  const documented = Object.values(root['paths'] as Record<string, Record<string, { operationId?: string }>>)
  const names = documented.flatMap((item) => Object.values(item).flatMap(({ operationId }) => operationId ?? []))
  expect(Object.values(REQUEST_NAMES).sort()).toEqual(names.sort())
})

describe('no time series is added', () => {
  const seriesOf = (text: string) => [...parseExposition(text).values()].flatMap(({ samples }) => samples).length

  test('by unknown paths and methods', async () => {
    const { onMetric, expose } = createMetrics()
    const server = world.server({ onMetric })
    const ask = (path: string, method = 'GET') => server.fetch(new Request(`http://localhost${path}`, { method }))
    await ask('/v1/nothing')
    await ask('/v2/nothing', 'DELETE')
    await ask('/v1/devices', 'METHOD')
    await server.sweep()
    const before = seriesOf(await expose())
    for (let i = 0; i < 50; i++) {
      await ask(`/v1/nothing-${i}`)
      await ask(`/v2/${'x'.repeat(i)}`, 'DELETE')
      await ask('/v1/devices', `METHOD${i}`)
    }
    expect(seriesOf(await expose())).toBe(before)
    expect(valueOf(await expose(), 'reshare_requests_total', { request: 'unknown' })).toBe(153)
  })

  test('by events that have other values than the known ones', async () => {
    const { onMetric, expose } = createMetrics()
    const strange = (value: string) => {
      const request = { name: 'request', request: value, outcome: value, status: 200, sealed: false, ms: 1 }
      onMetric({ ...request, kind: value, round: Number(value) } as unknown as MetricEvent)
      for (const name of ['setEvent', 'database', 'custodian', 'error', 'sweep', value]) {
        const labels = { event: value, call: value, outcome: value, kind: value, retries: 0, ms: 1 }
        onMetric({ name, ...labels } as unknown as MetricEvent)
      }
    }
    strange('1e9')
    const before = seriesOf(await expose())
    for (let i = 0; i < 200; i++) strange(`"\n}{${i}`)
    for (const name of ['__proto__', 'constructor', 'toString']) strange(name)
    expect(seriesOf(await expose())).toBe(before)
  })
})
