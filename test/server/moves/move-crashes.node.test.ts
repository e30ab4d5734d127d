import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { getJson, play } from '../../support/server-client.ts'
import { newBackup, newWallet, sign, setIdOf, type TestWallet } from '../support/wallets.ts'
import { cancelMove, moveClient } from '../../../src/server/moves/move-client.ts'
import { mortalProcess } from './mortal-mover.ts'
import { takeRandomTurns, type Process } from './random-turns.ts'
import {
  breaksOf,
  cancel,
  createShard,
  isLive,
  move,
  routedClient,
  singleUseIn,
  type RoutedClient,
  type Shard,
} from './two-shards.ts'

describe.each(chosenDatabases('crashes of moves'))('on $name', ({ open }) => {
  let a: Shard
  let b: Shard
  let client: RoutedClient
  let wallet: TestWallet

  beforeAll(async () => {
    const random = seededRandom()
    a = await createShard(await open(), random)
    b = await createShard(await open(), random, a.world.custodian)
  })
  afterAll(async () => {
    for (const { world } of [a, b]) await world.database.close()
  })
  beforeEach(async () => {
    client = routedClient(a, seededRandom())
    wallet = await newWallet(client)
    await newBackup(client, wallet)
  })

  const liveIn = async (...shards: Shard[]) => Promise.all(shards.map((shard) => isLive(shard, client.clientId)))
  const signs = () => play(sign(client, wallet.signing))
  const listed = () => getJson(client, paths.sets(wallet.walletId))

  /** What the source has that may be used once, as rows that a move must destroy, and nobody opens. */
  const addSingleUse = async ({ world: { database } }: Shard) => {
    const setId = setIdOf(wallet.signing)
    const sealed = seededRandom('sealed')(64)
    await database.query(
      `insert into reshare_ot_states (set_id, sealed, poisoned, epoch) values ($1, $2, false, 1) on conflict do nothing`,
      [setId, sealed],
    )
    await database.query(
      `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
       values ($1, 'one', $2, 1, now(), now() + interval '1 day') on conflict do nothing`,
      [setId, sealed],
    )
  }

  test('a mover that dies at any statement leaves the client in one database at most, and another one finishes', async () => {
    const before = await listed()
    let [from, to] = [a, b]
    for (let nth = 1, died = true; died; nth++) {
      await addSingleUse(from)
      const process = mortalProcess(nth)
      const contexts = {
        source: from.context(process.of(from.world.database)),
        target: to.context(process.of(to.world.database)),
      }
      died = await move(from, to, client.clientId, { ...contexts, unused: true }).then(
        () => false,
        () => true,
      )
      const [stays, arrived] = await liveIn(from, to)
      expect([nth, stays && arrived]).toEqual([nth, false])
      // Whatever may be used once is at the source alone, and only as long as the client is.
      expect([nth, await singleUseIn(to, client.clientId)]).toEqual([nth, 0])
      if (!stays) expect([nth, await singleUseIn(from, client.clientId)]).toEqual([nth, 0])

      expect(await move(from, to, client.clientId, { unused: true })).toMatchObject({ state: 'moved' })
      expect([nth, await liveIn(from, to)]).toEqual([nth, [false, true]])
      client.home = to
      expect(await listed()).toEqual(before)
      ;[from, to] = [to, from]
    }
    await signs()
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
    expect([a.world.errors, b.world.errors]).toEqual([[], []])
  }, 600_000)

  const ORDERS = 12

  test('movers in both directions and whoever cancels them, in any order, never have the client in both', async () => {
    const random = seededRandom()
    const { clientId } = client
    const between = (work: typeof moveClient | typeof cancelMove, source: Shard, target: Shard): Process => {
      return (databaseOf) => {
        const contextOf = (shard: Shard) => shard.context(databaseOf(shard.world.database))
        return work({ source: contextOf(source), target: contextOf(target), clientId, drainMs: 0, unused: true })
      }
    }
    for (let order = 1; order <= ORDERS; order++) {
      const processes = [
        between(moveClient, a, b),
        between(moveClient, a, b),
        between(cancelMove, a, b),
        between(moveClient, b, a),
        between(cancelMove, b, a),
      ]
      await takeRandomTurns(random, processes, async () => {
        expect([order, await liveIn(a, b)]).not.toEqual([order, [true, true]])
      })
      // Whatever is left of it, the same commands end it.
      const ways = [
        [a, b],
        [b, a],
      ] as const
      for (const [source, target] of ways) await cancel(source, target, clientId).catch(() => undefined)
      for (const [source, target] of ways) await move(source, target, clientId, { unused: true }).catch(() => undefined)
      const [inA, inB] = await liveIn(a, b)
      expect([order, inA !== inB]).toEqual([order, true])
      client.home = inA ? a : b
      await signs()
      if (inB) expect(await move(b, a, clientId, { unused: true })).toMatchObject({ state: 'moved' })
      client.home = a
    }
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
  }, 600_000)
})
