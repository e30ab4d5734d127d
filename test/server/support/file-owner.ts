import { afterAll, beforeAll } from 'vitest'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { seededRandom } from '../../support/random.ts'
import { newBackup, newWallet, type TestWallet } from './wallets.ts'
import { createWorld, type World } from './world.ts'

/** A client that the tests of a file share, with its wallet and the client's share of its backup. */
export interface FileOwner {
  readonly world: World
  readonly clientId: string
  readonly wallet: TestWallet
  readonly half: WalletShares
}

/** @param take gets the owner before the first test */
export function fileOwner(take: (owner: FileOwner) => void): void {
  let world: World
  beforeAll(async () => {
    world = createWorld(pgliteDatabase(), seededRandom())
    const client = world.client()
    const wallet = await newWallet(client)
    take({ world, clientId: client.clientId, wallet, half: await newBackup(client, wallet) })
  })
  afterAll(() => world.database.close())
}
