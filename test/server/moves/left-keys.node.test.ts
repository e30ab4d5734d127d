import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serverContext } from '../../../src/server/create-server.ts'
import { moveClient } from '../../../src/server/moves/move-client.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { play } from '../../support/server-client.ts'
import { newWallet, sign } from '../support/wallets.ts'
import { createShard, move, routedClient, type Shard } from './two-shards.ts'

describe.each(chosenDatabases('left keys'))('a master key that changes while clients move, on $name', ({ open }) => {
  const random = seededRandom()
  let a: Shard
  let b: Shard

  beforeAll(async () => {
    a = await createShard(await open(), random)
    b = await createShard(await open(), random, a.world.custodian)
  })
  afterAll(async () => {
    for (const { world } of [a, b]) await world.database.close()
  })

  test('is needed until the moves are finished, and nobody is told of each row', async () => {
    const [leaves, stays] = [routedClient(a, random), routedClient(a, random)]
    const wallet = await newWallet(leaves)
    const other = await newWallet(stays)
    await move(a, b, leaves.clientId)

    const { database, errors, now } = a.world
    const masterKey = { current: { id: 2, key: random(32) }, previous: [{ id: 1, key: a.masterKey }] }
    const rotating = a.world.server({ masterKey, custodian: a.world.custodian })
    // Stored responses count until they are forgotten.
    await database.query('delete from reshare_responses where client_id = $1', [stays.clientId])
    expect((await rotating.rotate()).resealed).toBeGreaterThan(0)
    const left = await rotating.rotate()
    expect([left.resealed, left.remaining > 0, errors]).toEqual([0, true, []])

    const source = serverContext({ database, masterKey, now, random, authenticate: () => undefined })
    const finished = { source, target: b.context(), clientId: leaves.clientId, drainMs: 0, unused: true }
    expect(await moveClient(finished)).toMatchObject({ state: 'moved' })
    expect(await rotating.rotate()).toEqual({ resealed: 0, remaining: 0 })
    leaves.home = b
    await play(sign(leaves, wallet.signing))
    stays.home = { ...a, server: rotating }
    await play(sign(stays, other.signing))
  })
})
