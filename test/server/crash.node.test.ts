import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database, Queryable } from '../../src/server/database/types.ts'
import type { WalletShares } from '../../src/share/index.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import {
  abortOperation,
  play,
  retireSet,
  serverClient,
  setStatus,
  type ClientOperation,
  type ServerClient,
} from '../support/server-client.ts'
import {
  backup,
  generate,
  newBackup,
  newWallet,
  prove,
  recover,
  refresh,
  setIdOf,
  sign,
  type TestWallet,
} from './support/wallets.ts'
import { createWorld, type World } from './support/world.ts'

class Killed extends Error {}

/** Kills a server at its n-th write: before the write, or once it is durable; a transaction counts as one write. */
function killingDatabase(database: Database, write: number, when: 'before' | 'after') {
  let writes = 0
  let dead = false
  const once = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) throw new Killed('the process has ended')
    writes += 1
    if (writes !== write) return work()
    dead = true
    if (when === 'after') await work()
    throw new Killed('the process ends')
  }
  const killing: Database = {
    query: (sql, parameters) => {
      if (/^\s*select/i.test(sql) && !dead) return database.query(sql, parameters)
      return once(() => database.query(sql, parameters))
    },
    transaction: <T>(work: (tx: Queryable) => Promise<T>) => once(() => database.transaction(work)),
    migrate: (schema) => database.migrate(schema),
    close: () => database.close(),
  }
  return { database: killing, died: () => dead }
}

describe.each(databaseKinds)('a server killed on $name (row 22)', ({ open }) => {
  let world: World
  let owner: ServerClient
  let phone: TestWallet
  let half: WalletShares
  beforeAll(async () => {
    world = createWorld(await open(), seededRandom())
    owner = world.client()
    phone = await newWallet(owner)
    half = await newBackup(owner, phone)
  })
  afterAll(() => world.database.close())

  /** Every set of the client that claims to be in use works, every other refuses, and at least one works. */
  async function expectSomeSetSigns(client: ServerClient, sets: readonly WalletShares[]): Promise<string[]> {
    const states: string[] = []
    for (const shares of sets) {
      const { state } = await setStatus(client, setIdOf(shares))
      states.push(state)
      const [share] = await world.database.query('select 1 from reshare_shares where set_id = $1', [setIdOf(shares)])
      if (state === 'ACTIVE') await play(sign(client, shares))
      else expect(state === 'PREPARED' || state === 'RETIRING' || share === undefined).toBe(true)
    }
    expect(states).toContain('ACTIVE')
    return states
  }

  /**
   * Plays an action against a server that is killed at each of its writes in turn. The client then repeats the request
   * that got no answer to another server, which finishes the work.
   */
  async function killEverywhere(
    run: (client: ServerClient, at: { killed: () => boolean }) => Promise<void>,
    prepare: (client: ServerClient) => Promise<void> = async () => undefined,
  ): Promise<number> {
    for (let write = 1; ; write++) {
      for (const when of ['before', 'after'] as const) {
        await prepare(owner)
        const { database, died } = killingDatabase(world.database, write, when)
        const mortal = world.server({ database, onError: () => undefined })
        await mortal.sweep().catch(() => undefined)
        const client = serverClient(
          async (request) => {
            if (died()) {
              world.pass(60_000)
              return world.server().fetch(request)
            }
            const copy = request.clone()
            const answer = await mortal.fetch(request)
            if (!died()) return answer
            // The process is gone, and its answer with it: the client asks again, later, and another process answers.
            world.pass(60_000)
            return world.server().fetch(copy)
          },
          owner.clientId,
          world.random,
        )
        await run(client, { killed: died })
        if (!died()) return write
      }
    }
  }

  test('while it makes a wallet: the client finishes with another server', async () => {
    const writes = await killEverywhere(async (client) => {
      const operation = await play(generate(client))
      expect(await expectSomeSetSigns(client, operation.prepared)).toEqual(['ACTIVE'])
    })
    expect(writes).toBeGreaterThan(5)
  })

  test('while it recovers with a rotated backup: the client finishes with another server', async () => {
    const writes = await killEverywhere(async (client) => {
      const operation = await play(recover(client, half, { rotateBackup: 'PASSKEY' }))
      await expectSomeSetSigns(client, [operation.prepared[0]!])
      expect(await setStatus(client, operation.result!.backupSetId!)).toMatchObject({ state: 'PREPARED' })
    })
    expect(writes).toBeGreaterThan(8)
  })

  test.each(['backup', 'recover', 'refresh'] as const)(
    'in the middle of %s, and the client with it: the old set works, and the decision is one',
    async (kind) => {
      await killEverywhere(async (client, { killed }) => {
        const operation = {
          backup: () => backup(client, phone),
          refresh: () => refresh(client, phone),
          recover: () => recover(client, half),
        }[kind]()
        await untilKilled(operation, killed)
        world.pass(10 * 60_000)
        await world.server().sweep()
        const { decision } = await abortOperation(client, operation.operationId).catch(() => ({ decision: 'NONE' }))
        for (const made of operation.prepared) {
          const { state } = await setStatus(client, setIdOf(made)).catch(() => ({ state: 'NONE' }))
          const committed = made.purpose === 'signing' ? 'ACTIVE' : 'PREPARED'
          expect(decision === 'COMMIT' ? [committed] : ['ABORTED', 'NONE']).toContain(state)
        }
        await expectSomeSetSigns(client, [phone.signing])
      })
    },
  )

  test.each(['prove', 'sign', 'retire'] as const)(
    'while it must %s: what was retired stays so, what was not signs',
    async (kind) => {
      const act = {
        prove: (client: ServerClient, _: WalletShares, fresh: WalletShares) => play(prove(client, fresh)),
        sign: (client: ServerClient, _: WalletShares, fresh: WalletShares) => play(sign(client, fresh, 'bip340')),
        retire: (client: ServerClient, old: WalletShares) => retireSet(client, setIdOf(old)),
      }[kind]
      let wallet: TestWallet
      let fresh: WalletShares
      await killEverywhere(
        async (client) => {
          await act(client, wallet.signing, fresh)
          await world.server().sweep()
          const old = kind === 'sign' ? 'ACTIVE' : 'DESTROYED'
          expect(await expectSomeSetSigns(client, [wallet.signing, fresh])).toEqual([old, 'ACTIVE'])
        },
        async (client) => {
          wallet = await newWallet(client)
          fresh = (await play(refresh(client, wallet))).prepared[0]!
          if (kind === 'retire') await newBackup(client, wallet)
        },
      )
    },
  )
})

/** Plays until the server is killed; then the client is gone too, and has not heard the answer. */
async function untilKilled(operation: ClientOperation, killed: () => boolean): Promise<void> {
  while (operation.body !== undefined) {
    const answer = await operation.post()
    if (killed()) return
    operation.take(answer)
  }
}
