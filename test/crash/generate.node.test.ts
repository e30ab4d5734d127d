import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateWallet, listWallets } from '../../src/index.ts'
import { pgliteDatabase } from '../../src/server/database/pglite.ts'
import type { Database } from '../../src/server/database/types.ts'
import { serverSchema } from '../../src/server/schema.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { signsForBothKeys } from '../support/e2e.ts'
import { createFuse } from './support/fuse.ts'
import { createWorld } from './support/world.ts'

describe('a wallet that the server has made', { timeout: 300_000 }, () => {
  let database: Database

  beforeAll(async () => {
    database = pgliteDatabase()
    await database.migrate(serverSchema)
  })
  afterAll(() => database.close())

  const committedWallets = async () =>
    (await database.query('select wallet_id from reshare_wallets')).map((row) => row['wallet_id'] as string).sort()

  test.each(['client', 'server'] as const)('is found and signs, whenever the %s ends', async (fault) => {
    const world = createWorld(database)
    const device = world.device('phone')
    const before = await committedWallets()
    const signed = new Set<string>()
    let ended = 0
    for (let last = 1; ; last++) {
      const fuse = createFuse(last)
      if (fault === 'server') world.restartServer(fuse)
      await generateWallet(world.start(device, fault === 'client' ? fuse : undefined)).catch(() => undefined)
      if (fault === 'server') world.restartServer()

      const client = world.start(device)
      const found = await listWallets(client)
      const made = (await committedWallets()).filter((walletId) => !before.includes(walletId))
      expect(found.map(({ id }) => id)).toEqual(made)
      for (const { id, publicKeys } of found) {
        if (!signed.has(id)) await signsForBothKeys(client, id, publicKeys, utf8('mine'))
        signed.add(id)
      }
      if (!fuse.burnt) break
      ended++
    }
    expect(ended).toBeGreaterThanOrEqual(10)
    expect(signed.size).toBeGreaterThan(1)
  })
})
