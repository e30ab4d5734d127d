import { afterAll, beforeAll, expect, test } from 'vitest'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { verifyAuditLog, type MasterKeys, type Server, type ServerOptions } from '../../../src/server/index.ts'
import { createSealer } from '../../../src/util/seal.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { seededRandom } from '../../support/random.ts'
import { codeOf, play } from '../../support/server-client.ts'
import {
  complete,
  newWallet,
  preprocessed,
  prove,
  setIdOf,
  sign,
  signEcdsa,
  type TestWallet,
} from '../support/wallets.ts'
import { createWorld, MASTER_KEY, type World } from '../support/world.ts'

const HOUR = 60 * 60_000
const random = seededRandom()
const first = { id: 1, key: MASTER_KEY.slice(0, 32) }
const second = { id: 2, key: random(32) }

let world: World
let clientId: string
let wallets: TestWallet[]
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), random)
  const client = world.client()
  clientId = client.clientId
  wallets = [await newWallet(client), await newWallet(client)]
})
afterAll(() => world.database.close())

const serverOf = (masterKey: MasterKeys, options: Partial<ServerOptions> = {}) =>
  world.server({ masterKey, ...options })
const before = () => serverOf({ current: first, previous: [second] })
const after = (options?: Partial<ServerOptions>) => serverOf({ current: second, previous: [first] }, options)
const clientOf = (...servers: Server[]) => world.client(servers, clientId)
const keyIds = async (table: 'shares' | 'ot_states') => {
  const rows = await world.database.query(`select get_byte(sealed, 0) as id from reshare_${table} order by set_id`)
  return rows.map(({ id }) => id)
}

/** The same database, of which a process sees `transactions` more before it ends. */
function completion(transactions: number): Database {
  const { database } = world
  let left = transactions
  const alive = () => {
    if (left < 0) throw new Error('the process has ended')
  }
  return {
    ...database,
    query: async (...query) => (alive(), database.query(...query)),
    transaction: async (work, isolation) => {
      left -= 1
      alive()
      return database.transaction(work, isolation)
    },
  }
}

test('servers with different current keys go on with what the other has begun', async () => {
  const client = clientOf(before(), after())
  const [wallet] = wallets as [TestWallet]
  for (let i = 0; i < 2; i++) {
    const one = sign(client, wallet.signing)
    const answer = await one.post()
    expect(await one.post()).toEqual(answer)
    one.take(answer)
  }
  await play(prove(client, wallet.signing))
  await play(signEcdsa(client, wallet))
  const completed = complete(client, wallet, await preprocessed(client, wallet))
  expect((await play(completed)).signature).toBeDefined()
  wallets.push(await newWallet(client))
})

test('a rotation that ends in the middle is taken up by the next, and by two at once', async () => {
  expect((await keyIds('shares')).filter((id) => id === 1).length).toBeGreaterThan(1)
  const all = (await keyIds('shares')).length + (await keyIds('ot_states')).length
  const old = [...(await keyIds('shares')), ...(await keyIds('ot_states'))].filter((id) => id === 1).length
  await expect(after({ database: completion(1) }).rotate()).rejects.toThrow('the process has ended')
  world.errors.length = 0
  const halfway = [...(await keyIds('shares')), ...(await keyIds('ot_states'))]
  expect(halfway.filter((id) => id === 1)).toHaveLength(old - 1)

  // Sets sign whether or not their shares have been sealed again.
  for (const { signing } of wallets) await play(sign(clientOf(before(), after()), signing))
  const [left, right] = await Promise.all([after().rotate(), after().rotate()])
  // And the key of the log.
  expect(left.resealed + right.resealed).toBe(old - 1 + 1)
  expect([...(await keyIds('shares')), ...(await keyIds('ot_states'))]).toEqual(Array(all).fill(2))
  expect((await after().rotate()).resealed).toBe(0)
  expect(world.errors).toEqual([])
})

test('once nothing remains the old key may go, and everything opens', async () => {
  expect((await after().rotate()).remaining).toBeGreaterThan(0)
  world.pass(25 * HOUR)
  await after().sweep()
  expect(await after().rotate()).toEqual({ resealed: 0, remaining: 0 })
  const client = clientOf(serverOf({ current: second }))
  for (const wallet of wallets) {
    await play(sign(client, wallet.signing))
    await play(signEcdsa(client, wallet))
  }
  const { breaks } = await verifyAuditLog({ database: world.database, masterKey: { current: second } })
  expect(breaks).toEqual([])
  const changes = await world.database.query(`select detail from reshare_audit where event = 'masterKeyChanged'`)
  expect(changes).toEqual([{ detail: '1 2' }])
  const old = clientOf(serverOf(first.key))
  expect(codeOf(await sign(old, wallets[0]!.signing).post())).toBe('SHARE_PARSING_FAILED')
})

test('a share that is destroyed meanwhile does not come back', async () => {
  const { signing } = await newWallet(clientOf(before()))
  const setId = setIdOf(signing)
  const { database } = world
  const racing: Database = {
    ...database,
    transaction: async (work, isolation) => {
      await database.query('delete from reshare_shares where set_id = $1', [setId])
      return database.transaction(work, isolation)
    },
  }
  expect((await after({ database: racing }).rotate()).resealed).toBe(1)
  expect(await database.query('select 1 from reshare_shares where set_id = $1', [setId])).toEqual([])
})

test('a share that no key opens is told of and counted, and holds up no other', async () => {
  const third = { id: 3, key: random(32) }
  const stranger = setIdOf((await newWallet(clientOf(serverOf({ current: third, previous: [second] })))).signing)
  const { resealed, remaining } = await after().rotate()
  expect([resealed, remaining]).toEqual([0, expect.any(Number)])
  const unreadable = leftForLater(stranger, expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }))
  expect(world.errors).toEqual([unreadable, unreadable])
  world.errors.length = 0
  expect((await serverOf({ current: second, previous: [third] }).rotate()).resealed).toBe(2)
  expect(await world.database.query('select 1 from reshare_shares where set_id = $1', [stranger])).toHaveLength(1)
})

test('nothing but that overwrites a share', async () => {
  const { signing } = wallets[0]!
  const setId = setIdOf(signing)
  const [row] = await world.database.query('select sealed from reshare_shares where set_id = $1', [setId])
  const sealed = row!['sealed'] as Uint8Array
  const other = sealed.slice()
  other[0] = 9
  const shorter = other.slice(0, -1)
  const sameKey = sealed.slice()
  sameKey[30]! ^= 1
  const update = (value: Uint8Array, allowed: boolean, to = setId) =>
    world.database.transaction(async (tx) => {
      if (allowed) await tx.query(`select set_config('reshare.resealing', 'on', true)`)
      await tx.query('update reshare_shares set sealed = $2, set_id = $3 where set_id = $1', [setId, value, to])
    })
  await expect(update(other, false)).rejects.toThrow('never overwritten')
  await expect(update(shorter, true)).rejects.toThrow('never overwritten')
  await expect(update(sameKey, true)).rejects.toThrow('never overwritten')
  await expect(update(other, true, 'ab'.repeat(32))).rejects.toThrow('never overwritten')
  // What one transaction was allowed, the next is not.
  await expect(update(other, false)).rejects.toThrow('never overwritten')
  expect(await world.database.query('select sealed from reshare_shares where set_id = $1', [setId])).toEqual([row])
})

test.each<[string, unknown, new () => Error]>([
  ['the same id twice', { current: first, previous: [{ ...second, id: 1 }] }, RangeError],
  ['the same key twice', { current: first, previous: [{ ...first, id: 2 }] }, RangeError],
  ['an id that is no byte', { current: { ...first, id: 256 } }, RangeError],
  ['the id 0', { current: { ...first, id: 0 } }, RangeError],
  ['no current key', { previous: [first] }, TypeError],
  ['a short key', { current: { id: 1, key: random(31) } }, RangeError],
])('refuses %s', (_, masterKey, error) => {
  expect(() => serverOf(masterKey as MasterKeys)).toThrow(error)
})

test('a key that stands alone has id 1', () => {
  const place = { purpose: 'share', clientId: 'ann', row: 'set' } as const
  const sealed = createSealer(first.key, random).seal(place, second.key)
  expect(sealed[0]).toBe(1)
  const both = createSealer({ current: second, previous: [first] }, random)
  expect(both.open(place, sealed)).toEqual(second.key)
  const resealed = both.reseal(place, sealed)
  expect([resealed[0], resealed.length]).toEqual([2, sealed.length])
  expect(createSealer({ current: second }, random).open(place, resealed)).toEqual(second.key)
  // The id is authenticated: a value does not pass for another key's.
  const renamed = sealed.slice()
  renamed[0] = 2
  expect(() => createSealer({ current: { ...first, id: 2 } }, random).open(place, renamed)).toThrow('does not open')
  expect(both.isFingerprint(createSealer(first.key, random).fingerprint(sealed), sealed)).toBe(true)
  expect(both.isFingerprint(createSealer(random(32), random).fingerprint(sealed), sealed)).toBe(false)
})
