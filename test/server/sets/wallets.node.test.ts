import { describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { WALLETS_PER_PAGE, type WalletPage, type WalletStatus } from '../../../src/wire/wallets.ts'
import type { PolicyRequest } from '../../../src/server/index.ts'
import type { Database, SqlValue } from '../../../src/service/database/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, getJson, setStatus, type ServerClient } from '../../support/server-client.ts'
import {
  deviceServer,
  newDevices,
  plantSet,
  revokeDevice,
  type DeviceServer,
  type Planted,
} from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { publicKeysOf } from '../support/owners.ts'
import { setIdOf } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const page = (client: ServerClient, query = '') => getJson<WalletPage>(client, paths.wallets(null) + query)

describe.each(databaseKinds)('the list of wallets, on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  const plant = (planted: Planted) => plantSet(world, server.context, planted)
  const change = (setId: string, changes: Record<string, SqlValue>) =>
    Promise.all(
      Object.entries(changes).map(([column, value]) =>
        world.database.query(`update reshare_sets set ${column} = $2 where set_id = $1`, [setId, value]),
      ),
    )

  test('tells a fresh device of keys, sets in use and backups that recover', async () => {
    const { clientId, phoneId, tabletId, phone, tablet, unsealed } = newDevices(world, server, 'ann')
    const signing = await plant({ clientId, device: phoneId, label: 'phone of Ann' })
    const walletId = toHex(signing.walletId)
    const of = { clientId, walletId, device: phoneId }
    const laptop = await plant({ ...of, device: null, label: 'laptop' })
    const confirmed = setIdOf(await plant({ ...of, purpose: 'backup' }))
    const pending = setIdOf(await plant({ ...of, purpose: 'backup', state: 'PREPARED' }))
    await change(confirmed, { confirmed_at: new Date(5000), backup_method: 'PASSKEY' })
    const ended = [
      [await plant(of), { state: 'DESTROYED', exported_at: new Date(7000) }],
      [await plant(of), { state: 'ABORTED' }],
      [await plant({ ...of, purpose: 'backup' }), { state: 'DESTROYED' }],
      [await plant({ ...of, purpose: 'backup', state: 'PREPARED' }), { state: 'ABORTED' }],
      [await plant({ ...of, purpose: 'backup', state: 'PREPARED' }), { committed_at: null }],
      [await plant({ ...of, state: 'PREPARED' }), { committed_at: null }],
    ] as const
    for (const [set, changes] of ended) await change(setIdOf(set), changes)
    await plant({ clientId: 'bob', device: null })

    const [secp256k1, ed25519] = publicKeysOf(signing)
    const epoch = new Date(0).toISOString()
    const wallet: WalletStatus = {
      walletId,
      publicKeys: { secp256k1: secp256k1!, ed25519: ed25519! },
      createdAt: epoch,
      exportedAt: new Date(7000).toISOString(),
      importedAt: null,
      signingSets: [await setStatus(phone, setIdOf(signing)), await setStatus(phone, setIdOf(laptop))],
      backups: [
        { setId: confirmed, method: 'PASSKEY', createdAt: epoch, confirmedAt: new Date(5000).toISOString() },
        { setId: pending, method: 'PASSWORD', createdAt: epoch, confirmedAt: null },
      ],
    }
    for (const client of [phone, tablet, unsealed]) {
      expect(await page(client)).toEqual({ wallets: [wallet], next: null })
    }
    expect(tabletId).not.toBe(phoneId)
  })

  test('has a wallet that nothing recovers any more, and none for a client without wallets', async () => {
    const { clientId, unsealed } = newDevices(world, server, 'carol')
    expect(await page(unsealed)).toEqual({ wallets: [], next: null })
    const signing = await plant({ clientId, device: null })
    await change(setIdOf(signing), { state: 'DESTROYED' })
    const { wallets } = await page(unsealed)
    expect(wallets).toMatchObject([
      { walletId: toHex(signing.walletId), signingSets: [], backups: [], exportedAt: null, importedAt: null },
    ])
    expect(Object.values(wallets[0]!.publicKeys)).toEqual(publicKeysOf(signing))
  })

  test('a revoked device learns nothing', async () => {
    const { clientId, phoneId, tabletId, phone, tablet } = newDevices(world, server, 'dave')
    const signing = await plant({ clientId, device: phoneId, proven: true })
    await plant({ clientId, device: tabletId, proven: true, walletId: toHex(signing.walletId) })
    await revokeDevice(tablet, phoneId)
    expect(codeOf(await phone.send('GET', paths.wallets(null)))).toBe('DEVICE_REVOKED')
    expect((await page(tablet)).wallets).toMatchObject([{ signingSets: [{ deviceId: tabletId }] }])
  })

  test('goes page by page in the order of making, and a wallet made meanwhile comes last', async () => {
    const { clientId, unsealed } = newDevices(world, server, 'erin')
    const walletIds: string[] = []
    const make = async (createdAt: number) => {
      const walletId = toHex((await plant({ clientId, device: null })).walletId)
      await world.database.query('update reshare_wallets set created_at = $2 where wallet_id = $1', [
        walletId,
        new Date(createdAt),
      ])
      return walletId
    }
    for (const createdAt of [3000, 1000, 2000]) walletIds.push(await make(createdAt))
    const same = await Promise.all([4000, 4000].map(make))
    const expected = [walletIds[1], walletIds[2], walletIds[0], ...same.sort()]
    const seen: string[] = []
    let query = '?limit=2'
    for (let pages = 1; ; pages++) {
      const { wallets, next } = await page(unsealed, query)
      seen.push(...wallets.map(({ walletId }) => walletId))
      if (next === null) {
        expect(pages).toBe(3)
        break
      }
      expect(wallets).toHaveLength(2)
      if (pages === 1) expected.push(await make(5000))
      query = `?limit=2&after=${next}`
    }
    expect(seen).toEqual(expected)
    expect((await page(unsealed)).wallets.map(({ walletId }) => walletId)).toEqual(expected)
    // The cursor of one client is of no use to another.
    expect(await page(server.client('frank', null), query)).toEqual({ wallets: [], next: null })
  })

  test.each([
    ['limit=0', 'limit=-1', 'limit=1.5', 'limit=', `limit=${WALLETS_PER_PAGE + 1}`, 'limit=1e1'],
    ['after=', 'after=0', `after=-1-${'0'.repeat(32)}`, `after=01-${'0'.repeat(32)}`, `after=1-${'0'.repeat(31)}`],
    [`after=${'9'.repeat(14)}-${'0'.repeat(32)}`, `after=1-${'G'.repeat(32)}`, `after=1-${'0'.repeat(34)}`],
  ])('refuses queries that no page has given: %s', async (...queries) => {
    for (const query of queries) {
      const answer = await server.client('ann', null).send('GET', `${paths.wallets(null)}?${query}`)
      expect([query, answer.status, codeOf(answer)]).toEqual([query, 400, 'BAD_REQUEST'])
    }
  })

  test('asks the policy first, since nothing else tells a client’s keys', async () => {
    const asked: PolicyRequest[] = []
    let allowed = false
    const policy = (request: PolicyRequest) => {
      asked.push(request)
      return allowed
    }
    const queried: string[] = []
    const query: Database['query'] = (sql, parameters) => {
      queried.push(sql)
      return world.database.query(sql, parameters)
    }
    const guarded = deviceServer(world, { policy, database: { ...world.database, query } })
    const { clientId, phoneId } = newDevices(world, guarded, 'grace')
    const signing = await plant({ clientId, device: phoneId })
    queried.length = 0
    const denied = await guarded.client(clientId, phoneId).send('GET', paths.wallets(null))
    expect([denied.status, codeOf(denied)]).toEqual([403, 'POLICY_DENIED'])
    expect(queried.filter((sql) => /reshare_(wallets|sets)\b/.test(sql))).toEqual([])
    allowed = true
    expect((await page(guarded.client(clientId, null))).wallets).toMatchObject([{ walletId: toHex(signing.walletId) }])
    expect(asked).toEqual([
      { clientId, deviceId: phoneId, action: 'find' },
      { clientId, action: 'find' },
    ])
  })

  test('is one query for a page, by indexes, among many wallets and ended sets', async () => {
    const { database } = world
    const clientId = 'heidi'
    const signing = await plant({ clientId, device: null })
    const columns = 'client_id, operation_id, purpose, state, label, record, created_at, committed_at'
    await database.query(
      `insert into reshare_wallets (client_id, wallet_id, created_at)
       select 'client ' || n % 100, md5(n::text), $1 from generate_series(1, 20000) n`,
      [new Date(0)],
    )
    await database.query(
      `insert into reshare_sets (set_id, wallet_id, ${columns})
       select md5(n::text), md5(n::text), 'client ' || n % 100, '', 'signing', 'ACTIVE', '', '', $1, $1
       from generate_series(1, 20000) n`,
      [new Date(0)],
    )
    await database.query(
      `insert into reshare_sets (set_id, wallet_id, ${columns})
       select 'ended ' || n, $2, $3, '', 'signing', 'DESTROYED', '', '', $1, $1 from generate_series(1, 5000) n`,
      [new Date(0), toHex(signing.walletId), clientId],
    )
    await database.query('analyze reshare_wallets')
    await database.query('analyze reshare_sets')
    const planned: string[] = []
    let queries = 0
    const query: Database['query'] = async (sql, parameters) => {
      queries += 1
      const plan = await database.query(`explain (analyze, costs off, timing off) ${sql}`, parameters)
      planned.push(plan.map((row) => row['QUERY PLAN']).join('\n'))
      return database.query(sql, parameters)
    }
    const observed = deviceServer(world, { database: { ...database, query } })
    expect((await page(observed.client(clientId, null))).wallets).toHaveLength(1)
    // After it, whether the client has moved meanwhile.
    expect(queries).toBe(2)
    const [plan, moved] = planned
    expect(moved).toContain('reshare_client_moves')
    expect(moved).not.toContain('reshare_sets')
    for (const index of ['wallets_in_order', 'sets_of_wallet', 'sets_exported', 'sets_in_use']) {
      expect(plan).toContain(`reshare_${index}`)
    }
    expect(plan).not.toContain('Seq Scan')
    // No part reads the ended sets only to leave them out.
    expect(plan).not.toMatch(/Rows Removed by Filter: [0-9]{2}/)
    await database.query(`delete from reshare_sets where client_id like 'client %' or set_id like 'ended %'`)
    await database.query(`delete from reshare_wallets where client_id like 'client %'`)
  })
})
