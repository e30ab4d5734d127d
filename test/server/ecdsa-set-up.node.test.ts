import { afterAll, beforeAll, expect, test } from 'vitest'
import { pgliteDatabase } from '../../src/server/database/pglite.ts'
import { seededRandom } from '../support/random.ts'
import { play } from '../support/server-client.ts'
import { newWallet, signEcdsa } from './support/wallets.ts'
import { createWorld, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), seededRandom())
  await world.server().sweep()
})
afterAll(() => world.database.close())

test('first', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  const signed = await play(signEcdsa(client, wallet))
  expect(signed.signature).toHaveLength(64)
})
