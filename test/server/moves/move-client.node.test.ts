import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { COPIED, readRows } from '../../../src/server/moves/client-rows.ts'
import { findMove } from '../../../src/server/moves/moves-table.ts'
import { paths } from '../../../src/wire/paths.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { codeOf, getJson, play } from '../../support/server-client.ts'
import { interruptedDatabase } from '../support/interrupted-database.ts'
import {
  complete,
  newBackup,
  newWallet,
  preprocessed,
  setIdOf,
  setup,
  sign,
  signEcdsa,
  type TestWallet,
} from '../support/wallets.ts'
import { failingAt } from './failing-target.ts'
import {
  breaksOf,
  cancel,
  createShard,
  isLive,
  move,
  routedClient,
  type RoutedClient,
  type Shard,
} from './two-shards.ts'

const random = seededRandom()
describe.each(chosenDatabases('move-client'))('moves on $name', ({ open }) => {
  let a: Shard
  let b: Shard
  let client: RoutedClient
  let wallet: TestWallet

  beforeAll(async () => {
    a = await createShard(await open(), random)
    b = await createShard(await open(), random, a.world.custodian)
  })
  afterAll(async () => {
    for (const { world } of [a, b]) await world.database.close()
  })
  beforeEach(async () => {
    client = routedClient(a, random)
    wallet = await newWallet(client)
  })

  const stateIn = async ({ world }: Shard) => (await findMove(world.database, client.clientId))?.state
  const rowsIn = async ({ world }: Shard) => {
    const tables = COPIED.filter(({ table }) => table !== 'reshare_tokens')
    const counts = tables.map(async (copied) => (await readRows(world.database, copied, client.clientId)).length)
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }
  const liveIn = async (first: Shard, second: Shard) => [
    await isLive(first, client.clientId),
    await isLive(second, client.clientId),
  ]
  const signs = () => play(sign(client, wallet.signing))

  test('a client goes with its sets, backups and log, signs on, and leaves nothing but its log', async () => {
    await newBackup(client, wallet)
    const sets = await getJson(client, paths.sets(wallet.walletId))
    expect(await move(a, b, client.clientId)).toMatchObject({ number: 1, state: 'arrived' })
    expect([await stateIn(a), await stateIn(b)]).toEqual(['LEAVING', 'HERE'])
    expect(codeOf(await sign(client, wallet.signing).post())).toBe('CLIENT_MOVED')
    client.home = b
    expect(await getJson(client, paths.sets(wallet.walletId))).toEqual(sets)
    expect(await move(a, b, client.clientId)).toMatchObject({ state: 'arrived' })
    await signs()
    expect(await move(a, b, client.clientId)).toMatchObject({ number: 1, state: 'moved' })
    expect(await rowsIn(a)).toBe(0)
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
    // Its setup was destroyed, and is made again.
    expect(codeOf(await signEcdsa(client, wallet).post())).toBe('PROTOCOL_ABORTED')
    // And back.
    expect(await move(b, a, client.clientId, { unused: true })).toMatchObject({ number: 2, state: 'moved' })
    expect(codeOf(await sign(client, wallet.signing).post())).toBe('CLIENT_MOVED')
    client.home = a
    await signs()
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
    expect([await rowsIn(b), a.world.errors, b.world.errors]).toEqual([0, [], []])
  })

  test('several movers at once are one, while the client signs all the time', async () => {
    const until = { ended: false }
    const signed = new Map<Shard, number>([
      [a, 0],
      [b, 0],
    ])
    const signing = (async () => {
      while (!until.ended) {
        const { home } = client
        const answer = await sign(client, wallet.signing).post()
        if (answer.status === 200) signed.set(home, signed.get(home)! + 1)
        else if (codeOf(answer) !== 'CLIENT_MOVED') throw new Error(codeOf(answer))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })()
    const results = await Promise.all(Array.from({ length: 3 }, () => move(a, b, client.clientId)))
    expect(results.map(({ number }) => number)).toEqual([1, 1, 1])
    b.world.pass(1)
    client.home = b
    await signs()
    until.ended = true
    await signing
    expect(await move(a, b, client.clientId)).toMatchObject({ number: 1, state: 'moved' })
    const arrivals = `select 1 from reshare_audit where client_id = $1 and event = 'arrived'`
    expect(await b.world.database.query(arrivals, [client.clientId])).toHaveLength(1)
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
  })

  test('what may be used once is used at the source, or never', async () => {
    const [used, left] = [await preprocessed(client, wallet), await preprocessed(client, wallet)]
    await play(complete(client, wallet, used))
    await move(a, b, client.clientId)
    for (const held of [used, left]) expect(codeOf(await complete(client, wallet, held).post())).toBe('CLIENT_MOVED')
    client.home = b
    for (const held of [used, left])
      expect(codeOf(await complete(client, wallet, held).post())).toBe('PREPROCESSING_NOT_FOUND')
    expect(codeOf(await signEcdsa(client, wallet).post())).toBe('PROTOCOL_ABORTED')
    const { pair } = await play(setup(client, wallet))
    await play(signEcdsa(client, { ...wallet, pair: pair! }))
  })

  test('a signature under way is finished where it began, or is nowhere', async () => {
    const operation = signEcdsa(client, wallet)
    operation.take(await operation.post())
    await move(a, b, client.clientId)
    expect(codeOf(await operation.post())).toBe('CLIENT_MOVED')
    client.home = b
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
  })

  test('a database of a later epoch, and a ban, which stays', async () => {
    const other = await newWallet(client)
    await bumpEpoch(a.world.database)
    await bumpEpoch(a.world.database)
    const { pair } = await play(setup(client, wallet))
    await a.world.database.query('update reshare_ot_states set poisoned = true where set_id = $1', [
      setIdOf(wallet.signing),
    ])
    expect(codeOf(await signEcdsa(client, { ...wallet, pair: pair! }).post())).toBe('OT_POISONED')
    await move(a, b, client.clientId)
    client.home = b
    expect(codeOf(await signEcdsa(client, { ...wallet, pair: pair! }).post())).toBe('OT_POISONED')
    expect(codeOf(await setup(client, wallet).post())).toBe('OT_POISONED')
    await signs()
    const made = await play(setup(client, other))
    await play(signEcdsa(client, { ...other, pair: made.pair! }))
    expect(await move(a, b, client.clientId)).toMatchObject({ state: 'moved' })
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
  })

  describe('a move that is given up', () => {
    test('leaves the client where it was, and the next move has another number', async () => {
      const target = failingAt(b, 'insert into reshare_sets')
      await expect(move(a, b, client.clientId, { target })).rejects.toThrow('the target is down')
      expect([await stateIn(a), await stateIn(b), await liveIn(a, b)]).toEqual(['LEAVING', 'ARRIVING', [false, false]])
      expect(await cancel(a, b, client.clientId)).toBe(1)
      expect([await stateIn(a), await isLive(a, client.clientId), await isLive(b, client.clientId)]).toEqual([
        'HERE',
        true,
        false,
      ])
      await expect(cancel(a, b, client.clientId)).rejects.toThrow('not about to move')
      await signs()
      expect(await move(a, b, client.clientId, { unused: true })).toMatchObject({ number: 2, state: 'moved' })
      for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
    })

    test('at any moment of a mover, which then moves nothing', async () => {
      for (let nth = 1, reached = true; reached; nth++) {
        const interrupted = interruptedDatabase(
          b.world.database,
          nth,
          async () => void (await cancel(a, b, client.clientId).catch(() => undefined)),
        )
        await move(a, b, client.clientId, { target: b.context(interrupted.database) }).catch(() => undefined)
        reached = interrupted.reached()
        const live = await liveIn(a, b)
        expect([nth, live.filter(Boolean).length]).toEqual([nth, 1])
        if (live[1]) break
      }
      for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
    })

    test('is refused once the client has arrived', async () => {
      await move(a, b, client.clientId)
      await expect(cancel(a, b, client.clientId)).rejects.toThrow('has arrived')
      expect(await liveIn(a, b)).toEqual([false, true])
    })
  })

  describe('what is refused before anything is copied', () => {
    test('a client that the source does not have, or a target that has one of its id', async () => {
      await expect(move(a, b, 'nobody')).rejects.toThrow('no such client')
      const twin = b.world.client([b.server], client.clientId)
      const other = await newWallet(twin)
      await expect(move(a, b, client.clientId)).rejects.toThrow('has a client of this id')
      await signs()
      await play(sign(twin, other.signing))
    })

    test('the same database twice', async () => {
      await expect(move(a, a, client.clientId)).rejects.toThrow('the same database')
      await signs()
    })

    test('a set that somebody has changed beside the log', async () => {
      await a.world.database.query(`update reshare_sets set proven_at = now() where set_id = $1`, [
        setIdOf(wallet.signing),
      ])
      await expect(move(a, b, client.clientId)).rejects.toThrow('broken at the source')
      expect([await stateIn(a), await stateIn(b), await rowsIn(b)]).toEqual([undefined, undefined, 0])
      await signs()
      await a.world.database.query(`update reshare_sets set proven_at = null where set_id = $1`, [
        setIdOf(wallet.signing),
      ])
    })
  })
})
