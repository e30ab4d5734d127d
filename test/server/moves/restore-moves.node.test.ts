import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { restoreMoves } from '../../../src/server/moves/restore-moves.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { codeOf, play } from '../../support/server-client.ts'
import { newWallet, preprocessed, sign, type TestWallet } from '../support/wallets.ts'
import { copyOf, writeCopy } from './copies.ts'
import { breaksOf, createShard, isLive, move, routedClient, type RoutedClient, type Shard } from './two-shards.ts'

describe.each(chosenDatabases('restore-moves'))('restored moves on $name', ({ open }) => {
  let a: Shard
  let b: Shard
  let copy: Database
  let client: RoutedClient
  let wallet: TestWallet

  /** Copies the first shard as it is now, which a later restore brings back. */
  async function copyA(): Promise<void> {
    copy = await open()
    await writeCopy(copy, await copyOf(a.world.database))
  }

  /** Loses the first shard, and brings back its copy, as the run book says. */
  async function restoreA(): Promise<void> {
    const { database, custodian } = a.world
    await database.close()
    a = await createShard(copy, seededRandom('of shard a'), custodian)
    client.home = a
    await bumpEpoch(copy)
  }

  beforeEach(async () => {
    a = await createShard(await open(), seededRandom('of shard a'))
    b = await createShard(await open(), seededRandom('of shard b'), a.world.custodian)
    client = routedClient(a, seededRandom())
    wallet = await newWallet(client)
    await preprocessed(client, wallet)
  })
  afterEach(async () => {
    for (const { world } of [a, b]) await world.database.close()
  })

  const NOBODY = { left: [], returned: [], missing: [] }
  const live = async () => Promise.all([a, b].map((shard) => isLive(shard, client.clientId)))

  test('a copy from before a move has the client as well, until it is told that it left', async () => {
    await newWallet(routedClient(a, seededRandom('who stays')))
    await copyA()
    expect(await move(a, b, client.clientId, { unused: true })).toMatchObject({ state: 'moved' })
    await restoreA()
    // What a restore is about: nothing in the copy says otherwise.
    expect(await live()).toEqual([true, true])
    await expect(move(a, b, client.clientId)).rejects.toThrow('has a client of this id')

    expect(await restoreMoves(a.context(), b.world.database)).toEqual({ ...NOBODY, left: [client.clientId] })
    expect(await live()).toEqual([false, true])
    expect(codeOf(await sign(client, wallet.signing).post())).toBe('CLIENT_MOVED')
    expect(await restoreMoves(a.context(), b.world.database)).toEqual(NOBODY)
    client.home = b
    await play(sign(client, wallet.signing))
    expect(await move(a, b, client.clientId, { unused: true })).toMatchObject({ number: 1, state: 'moved' })
    expect(await live()).toEqual([false, true])
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
  })

  test('a copy from within a move goes on with it', async () => {
    await expect(
      move(a, b, client.clientId, {
        target: b.context({
          ...b.world.database,
          transaction: () => Promise.reject(new Error('the target is down')),
        }),
      }),
    ).rejects.toThrow('the target is down')
    await copyA()
    await move(a, b, client.clientId)
    await restoreA()
    await restoreMoves(a.context(), b.world.database)
    expect(await live()).toEqual([false, true])
    expect(await move(a, b, client.clientId, { unused: true })).toMatchObject({ number: 1, state: 'moved' })
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
  })

  test('a client that was moved back stays where it is', async () => {
    await move(a, b, client.clientId, { unused: true })
    await move(b, a, client.clientId, { unused: true })
    await copyA()
    await restoreA()
    expect(await restoreMoves(a.context(), b.world.database)).toEqual(NOBODY)
    expect(await live()).toEqual([true, false])
  })
})
