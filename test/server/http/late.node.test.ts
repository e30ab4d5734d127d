import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { Unavailable } from '../../../src/service/http.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Queryable, Row } from '../../../src/service/database/types.ts'
import { listDevices } from '../../../src/server/devices/list.ts'
import {
  recordCustodianShare,
  scheduleShareDeletion,
  deletePendingShares,
} from '../../../src/server/sets/custodian-shares.ts'
import { requireSets } from '../../../src/server/sets/sets-table.ts'
import { seededRandom } from '../../support/random.ts'
import { abortOperation, codeOf, parseJson } from '../../support/server-client.ts'
import { createTables, START, WALLET, type Tables } from '../support/tables.ts'
import { backup, newWallet } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

let world: World
let tables: Tables
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  tables = await createTables(pgliteDatabase(), seededRandom())
})
afterEach(() => expect([world.errors.splice(0), tables.errors.splice(0)]).toEqual([[], []]))
afterAll(() => Promise.all([world.database.close(), tables.database.close()]))

test('a share that comes after its removal is removed once more, when the time of its operation is over', async () => {
  const arriving: (() => void)[] = []
  const { custodian } = world
  const slow = {
    fetch: (clientId: string, setId: string) => custodian.fetch(clientId, setId),
    delete: (clientId: string, setId: string) => custodian.delete!(clientId, setId),
    store: (half: Parameters<typeof custodian.store>[0]) => {
      const late = { ...half, share: half.share.slice() }
      return new Promise<void>(() => arriving.push(() => void custodian.store(late)))
    },
  }
  const server = world.server({ custodian: slow, limits: { rates: null, custodianMs: 20 } })
  const client = world.client([server])
  const operation = backup(client, await newWallet(client))
  operation.take(await operation.post())
  expect(codeOf(await operation.post())).toBe('WEBHOOK_FAILED')
  expect(world.errors.splice(0)).toHaveLength(1)
  await abortOperation(client, operation.operationId)
  const kept = () => custodian.halves.get(client.clientId) ?? []
  for (const arrive of arriving) arrive()
  await server.sweep()
  expect(kept()).toHaveLength(1)
  world.pass(10 * 60_000)
  await server.sweep()
  expect(kept()).toEqual([])
  const left = 'select 1 from reshare_custodian_records where client_id = $1'
  expect(await world.database.query(left, [client.clientId])).toEqual([])
})

describe('removals', () => {
  async function owing(count: number) {
    const key = tables.key()
    for (let i = 0; i < count; i++)
      await recordCustodianShare(tables.database, key, await tables.set(key, { purpose: 'backup' }))
    await scheduleShareDeletion(tables.database, key)
    return key
  }
  const owed = async (clientId: string) =>
    (await tables.row('select count(*)::int as n from reshare_custodian_records where client_id = $1', clientId))?.['n']

  test.each([
    ['a client waits for', true, 3],
    ['a sweep makes', false, 6],
  ])('that %s end with their time; the rest is left for later', async (_, ofClient, done) => {
    tables.clock = START
    const { clientId } = await owing(10)
    const { context } = tables
    const custodian = { ...context.custodian!, delete: async () => void (tables.clock += 10_000) }
    const limits = { ...context.limits, custodianMs: 25_000, roundMs: 60_000 }
    await deletePendingShares({ ...context, custodian, limits }, ofClient ? clientId : null)
    expect(await owed(clientId)).toBe(10 - done)
    while ((await owed(clientId)) !== 0) await deletePendingShares({ ...context, custodian, limits })
  })
})

test('the list of devices looks at each row as often as there is one, however many there are', async () => {
  const COUNT = 400
  let looked = 0
  const counted = (row: Row) =>
    new Proxy(row, {
      get: (target, name) => {
        looked += 1
        return target[name as string]
      },
    })
  const at = new Date(START)
  const device = (i: number) => `device ${i}`
  const db: Queryable = {
    query: async (sql) =>
      Array.from({ length: sql.includes('device is null') ? 0 : COUNT }, (_, i) =>
        counted({
          ...{ device: device(i), set_id: `set ${i}`, label: `label ${i}` },
          ...{ created_at: at, last_used_at: at, revoked_at: null },
        }),
      ),
  }
  const listed = await listDevices(db, 'ann')
  expect(listed).toHaveLength(COUNT)
  expect(listed[7]).toMatchObject({ deviceId: device(7), label: 'label 7', setIds: ['set 7'] })
  expect(looked).toBeLessThan(20 * COUNT)
})

test('the list of a wallet’s sets has all that are in use, and of the others the newest', async () => {
  const { database } = tables
  const key = tables.key()
  await database.query('insert into reshare_wallets (client_id, wallet_id, created_at) values ($1, $2, now())', [
    key.clientId,
    WALLET,
  ])
  const first = await tables.set(key, {}, { state: 'ACTIVE' })
  const over = await tables.set(key, {}, { state: 'DESTROYED' })
  await database.query(
    `insert into reshare_sets (set_id, client_id, wallet_id, operation_id, purpose, state, label, record, created_at)
     select 'over ' || n, client_id, wallet_id, operation_id, purpose, state, label, record, created_at
     from reshare_sets, generate_series(1, 500) n where set_id = $1 order by n`,
    [over],
  )
  const last = await tables.set(key, { purpose: 'backup' }, { state: 'PREPARED' })
  const listed = (await requireSets(database, key.clientId, WALLET)).map(({ setId }) => setId)
  expect(listed).toHaveLength(502)
  expect([listed[0], listed[1], listed.at(-1)]).toEqual([first, 'over 1', last])
})

test('a request that a database never answers is answered, for the client to send again', async () => {
  const told: unknown[] = []
  const hanging = { ...world.database, query: () => new Promise<never>(() => undefined) }
  const limits = { requestMs: 20 }
  const client = world.client([world.server({ database: hanging, limits, onError: (error) => told.push(error) })])
  const answer = await client.send('GET', paths.set('ab'.repeat(32)))
  expect([answer.status, parseJson(answer.body)]).toEqual([
    503,
    { error: { id: 'INTERNAL', message: 'the server cannot answer now', retryable: true } },
  ])
  expect(told).toContainEqual(new Unavailable('the request took too long'))
})
