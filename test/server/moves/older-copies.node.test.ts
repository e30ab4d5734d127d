import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { findMove } from '../../../src/server/moves/moves-table.ts'
import { restoreMoves } from '../../../src/server/moves/restore-moves.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { play } from '../../support/server-client.ts'
import { newWallet, sign, type TestWallet } from '../support/wallets.ts'
import { copyOf, writeCopy, type Copy } from './copies.ts'
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

describe.each(chosenDatabases('older copies'))('older copies on $name', ({ open }) => {
  let a: Shard
  let b: Shard
  let copy: Copy
  let client: RoutedClient
  let wallet: TestWallet

  const openA = async (from?: Copy) => {
    const database = await open()
    if (from !== undefined) await writeCopy(database, from)
    return createShard(database, seededRandom('of shard a'), a?.world.custodian)
  }
  const copyA = async () => {
    copy = await copyOf(a.world.database)
  }
  const restoreA = async () => {
    await a.world.database.close()
    a = await openA(copy)
    await bumpEpoch(a.world.database)
  }

  beforeEach(async () => {
    a = await openA()
    b = await createShard(await open(), seededRandom('of shard b'), a.world.custodian)
    client = routedClient(a, seededRandom())
    wallet = await newWallet(client)
  })
  afterEach(async () => {
    for (const { world } of [a, b]) await world.database.close()
  })

  const NOBODY = { left: [], returned: [], missing: [] }
  const all = (source: Shard, target: Shard) => move(source, target, client.clientId, { unused: true })
  const live = async () => Promise.all([a, b].map((shard) => isLive(shard, client.clientId)))
  const stateIn = async ({ world }: Shard) => (await findMove(world.database, client.clientId))?.state
  const setsIn = ({ world }: Shard) =>
    world.database.query('select set_id from reshare_sets where client_id = $1', [client.clientId])

  /** Begins a move whose target fails at a statement. */
  async function fail(source: Shard, target: Shard, statement: string): Promise<void> {
    const begun = move(source, target, client.clientId, { target: failingAt(target, statement) })
    await expect(begun).rejects.toThrow('the target is down')
  }

  test.each([
    ['CLOSING', 'insert into reshare_client_moves'],
    ['LEAVING', 'insert into reshare_sets'],
  ])('a client leaves an older copy also while it is %s at the other database', async (state, statement) => {
    await copyA()
    await all(a, b)
    await fail(b, a, statement)
    expect(await stateIn(b)).toBe(state)
    await restoreA()
    expect(await restoreMoves(a.context(), b.world.database)).toEqual({ ...NOBODY, left: [client.clientId] })
    expect([await stateIn(a), (await live())[0]]).toEqual(['LEAVING', false])
    expect(await restoreMoves(a.context(), b.world.database)).toEqual(NOBODY)
    await cancel(b, a, client.clientId)
    expect(await live()).toEqual([false, true])
    expect(await all(a, b)).toMatchObject({ number: 1, state: 'moved' })
    client.home = b
    await play(sign(client, wallet.signing))
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
  })

  test('a client that has come back since the copy has the rows of the copy: nothing else has it', async () => {
    await move(a, b, client.clientId)
    await copyA()
    await all(a, b)
    await all(b, a)
    await restoreA()
    await expect(all(a, b)).rejects.toThrow('restored from an older copy')
    expect(await restoreMoves(a.context(), b.world.database)).toEqual({ ...NOBODY, returned: [client.clientId] })
    expect(await live()).toEqual([true, false])
    expect(await restoreMoves(a.context(), b.world.database)).toEqual(NOBODY)
    client.home = a
    await play(sign(client, wallet.signing))
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
    await expect(all(a, b)).rejects.toThrow('log at the target is another one')
    expect(await setsIn(a)).not.toEqual([])
  })

  test('a client that had left in the copy leaves once in the log', async () => {
    await move(a, b, client.clientId)
    await copyA()
    await all(a, b)
    await all(b, a)
    await all(a, b)
    await restoreA()
    expect(await restoreMoves(a.context(), b.world.database)).toEqual({ ...NOBODY, left: [client.clientId] })
    expect(await live()).toEqual([false, true])
    for (const shard of [a, b]) expect(await breaksOf(shard)).toEqual([])
    expect(await all(a, b)).toMatchObject({ number: 3, state: 'moved' })
  })

  test('a target whose log of the client is another one is refused while the client is still here', async () => {
    await copyA()
    await all(a, b)
    await restoreA()
    await restoreMoves(a.context(), b.world.database)
    await all(a, b)
    await expect(all(b, a)).rejects.toThrow('log at the target is another one')
    expect([await stateIn(b), await live()]).toEqual(['HERE', [false, true]])
  })
})
