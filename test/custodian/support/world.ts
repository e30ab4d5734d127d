import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { CustodianApp, CustodianOptions } from '../../../src/custodian/index.ts'
import type { Database, SqlValue } from '../../../src/service/database/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { custodianApp, storeBackup } from '../../support/custodian-app.ts'
import { seededRandom } from '../../support/random.ts'
import { walletPair, type WalletPair } from '../../support/wallet-pair.ts'

/** The database of an app's backend, the processes on it, and their clock. */
export interface CustodianWorld {
  readonly database: Database
  readonly random: RandomSource
  readonly errors: unknown[]
  now(): number
  /** Moves the clock. */
  pass(ms: number): void
  /** A process of the app, without limits unless the test gives some. */
  app(options?: Partial<CustodianOptions>): CustodianApp
  /** A backup set of a user, whose share the custodian has. */
  newBackup(user: string): Promise<WalletPair>
  /** When the share of a set was exported first. */
  exportedAt(backup: WalletPair): Promise<SqlValue | undefined>
}

/**
 * The world that the tests of a file or suite share. A test fails if it leaves an error that it has not looked at.
 *
 * @param take gets the world before the first test, and may make more of it
 */
export function fileCustodian(open: () => Promise<Database>, take: (world: CustodianWorld) => unknown): void {
  let world: CustodianWorld
  beforeAll(async () => {
    world = createCustodianWorld(await open())
    await take(world)
  })
  afterEach(() => expect(world.errors.splice(0)).toEqual([]))
  afterAll(() => world.database.close())
}

function createCustodianWorld(database: Database): CustodianWorld {
  const random = seededRandom()
  const errors: unknown[] = []
  let time = Date.UTC(2026, 0, 1)
  const app = (options: Partial<CustodianOptions> = {}) =>
    custodianApp({
      database,
      onError: (error) => errors.push(error),
      // One user asks more often here than a user does in a week.
      limits: { rates: null, lockOut: null },
      now: () => time,
      random,
      ...options,
    })
  return {
    database,
    random,
    errors,
    now: () => time,
    pass(ms) {
      time += ms
    },
    app,
    async newBackup(user) {
      const pair = walletPair('backup', random)
      expect((await storeBackup(app(), user, pair)).status).toBe(200)
      return pair
    },
    async exportedAt({ client }) {
      const query = 'select exported_at from reshare_custodian_shares where set_id = $1'
      return (await database.query(query, [toHex(client.setId)]))[0]?.['exported_at']
    },
  }
}
