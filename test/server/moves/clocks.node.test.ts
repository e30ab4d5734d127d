import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { codeOf, play } from '../../support/server-client.ts'
import { newBackup, newWallet, setup, sign, signEcdsa } from '../support/wallets.ts'
import { breaksOf, createShard, move, routedClient, type Shard } from './two-shards.ts'

const HOUR = 3_600_000

describe.each(chosenDatabases('clocks of shards'))('clocks that are an hour apart, on $name', ({ open }) => {
  const random = seededRandom()
  let early: Shard
  let late: Shard

  beforeAll(async () => {
    early = await createShard(await open(), random)
    late = await createShard(await open(), random, early.world.custodian)
    late.world.pass(HOUR)
  })
  afterAll(async () => {
    for (const { world } of [early, late]) await world.database.close()
  })

  test.each(['ahead', 'behind'])('do not change what a client does at a target that is %s', async (which) => {
    const [source, target] = which === 'ahead' ? [early, late] : [late, early]
    const client = routedClient(source, random)
    const wallet = await newWallet(client)
    await play(sign(client, wallet.signing))
    // Its lease is of the source's clock.
    const open = signEcdsa(client, wallet)
    open.take(await open.post())
    expect(await move(source, target, client.clientId)).toMatchObject({ state: 'arrived' })
    client.home = target
    expect(codeOf(await open.post())).toBe('PROTOCOL_ABORTED')
    // Nothing that was used at the source counts as used at the target.
    expect(await move(source, target, client.clientId)).toMatchObject({ state: 'arrived' })
    await target.server.sweep()
    const { pair } = await play(setup(client, wallet))
    await play(signEcdsa(client, { ...wallet, pair: pair! }))
    await newBackup(client, wallet)
    expect(await move(source, target, client.clientId)).toMatchObject({ state: 'moved' })
    expect([await breaksOf(source), await breaksOf(target)]).toEqual([[], []])
    expect([source.world.errors, target.world.errors]).toEqual([[], []])
  })
})
