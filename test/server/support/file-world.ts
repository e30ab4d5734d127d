import { afterAll, beforeAll, beforeEach } from 'vitest'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { seededRandom } from '../../support/random.ts'
import type { ServerClient } from '../../support/server-client.ts'
import { newWallet, type TestWallet } from './wallets.ts'
import { createWorld, type World } from './world.ts'

const inMemory = async () => pgliteDatabase()

/**
 * The world that the tests of a file or suite share: its database has the tables, and is closed after the last test.
 *
 * @param take gets the world before the first test, and may make more of it
 */
export function fileWorld(take: (world: World) => unknown, open: () => Promise<Database> = inMemory): void {
  let world: World
  beforeAll(async () => {
    world = createWorld(await open(), seededRandom())
    await world.server().sweep()
    await take(world)
  })
  afterAll(() => world.database.close())
}

/** A wallet of its own for each test, and its client, which asks two servers in turn. */
export function walletOfEachTest(
  take: (made: { world: World; client: ServerClient; wallet: TestWallet }) => void,
  open?: () => Promise<Database>,
): void {
  let world: World
  fileWorld((made) => (world = made), open)
  beforeEach(async () => {
    const client = world.client([world.server(), world.server()])
    take({ world, client, wallet: await newWallet(client) })
  })
}
