import { afterEach, describe, expect, test } from 'vitest'
import type { WalletEvent } from '../../../src/server/index.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { ClientOperation, confirmSet, play, retireSet, type ServerClient } from '../../support/server-client.ts'
import { dyingDatabase } from '../support/dying-database.ts'
import { cheat } from '../support/ecdsa.ts'
import { testReceiver } from '../support/events.ts'
import { fileWorld } from '../support/file-world.ts'
import {
  backup,
  generate,
  newBackup,
  newWallet,
  prove,
  recover,
  refresh,
  setIdOf,
  signEcdsa,
} from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const random = seededRandom()

describe.each(chosenDatabases('the outbox'))('on $name', ({ open }) => {
  let world: World
  fileWorld((made) => (world = made), open)
  const events = testReceiver(random).options
  const sending = (database: Database = world.database) => world.server({ events, database })
  afterEach(() => expect(world.errors.splice(0)).toEqual([]))

  const eventsOf = async ({ clientId }: ServerClient) => {
    const rows = await world.database.query(
      'select type, body from reshare_events where client_id = $1 order by sequence',
      [clientId],
    )
    return rows.map(({ type, body }) => {
      const event = JSON.parse(body as string) as WalletEvent
      expect(event.type).toBe(type)
      expect(event.data.clientId).toBe(clientId)
      return event
    })
  }
  const typesOf = async (client: ServerClient) => (await eventsOf(client)).map(({ type }) => type)

  test('has what happens to the sets of a wallet, and the order of it', async () => {
    const client = world.client([sending()])
    const phone = await newWallet(client)
    await play(prove(client, phone.signing))
    const half = await newBackup(client, phone)
    const unconfirmed = setIdOf((await play(backup(client, phone))).prepared[0]!)
    const laptop = (await play(recover(client, half, { existingSets: 'retire' }))).prepared[0]!
    await play(prove(client, laptop))
    const tablet = (await play(refresh(client, { ...phone, signing: laptop }))).prepared[0]!
    await play(prove(client, tablet))
    await confirmSet(client, setIdOf((await play(backup(client, { ...phone, signing: tablet }))).prepared[0]!))
    await retireSet(client, setIdOf(tablet))
    const [first, ...others] = await eventsOf(client)
    expect(first).toMatchObject({
      type: 'set.created',
      data: { setId: setIdOf(phone.signing), walletId: phone.walletId },
    })
    expect(others.map(({ type, data }) => [type, data.setId, data.replacedBy].filter(Boolean).join(' '))).toEqual([
      `set.proven ${setIdOf(phone.signing)}`,
      `backup.created ${setIdOf(half)}`,
      `backup.confirmed ${setIdOf(half)}`,
      `backup.created ${unconfirmed}`,
      `recovery.started ${setIdOf(half)}`,
      `set.recovered ${setIdOf(laptop)}`,
      `set.proven ${setIdOf(laptop)}`,
      `set.destroyed ${unconfirmed} ${setIdOf(laptop)}`,
      `set.retired ${setIdOf(phone.signing)} ${setIdOf(laptop)}`,
      `set.destroyed ${setIdOf(phone.signing)}`,
      `set.refreshed ${setIdOf(tablet)}`,
      `set.proven ${setIdOf(tablet)}`,
      `set.retired ${setIdOf(laptop)} ${setIdOf(tablet)}`,
      `set.destroyed ${setIdOf(laptop)}`,
      expect.stringMatching(/^backup.created /),
      expect.stringMatching(/^backup.confirmed /),
      expect.stringMatching(`^set.destroyed ${setIdOf(half)} `),
      `set.retired ${setIdOf(tablet)}`,
      `set.destroyed ${setIdOf(tablet)}`,
    ])
  })

  test('has a ban and a lock-out', async () => {
    const lockOut = { failures: 1, withinMs: 60_000, lockedMs: 60_000 }
    const client = world.client([world.server({ events, limits: { rates: null, lockOut } })])
    const wallet = await newWallet(client)
    const operation = signEcdsa(client, wallet)
    operation.take(await operation.post())
    cheat(operation)
    await operation.post()
    const wrong = { ...wallet.signing, shares: (await newWallet(client)).signing.shares }
    const { request } = prove(client, wallet.signing)
    const guess = new ClientOperation(client, request, wrong, { begins: wallet.signing })
    guess.take(await guess.post())
    await guess.post()
    expect(await typesOf(client)).toEqual(['set.created', 'set.banned', 'set.created', 'set.locked'])
    const { data } = (await eventsOf(client)).at(-1)
    expect(data).toMatchObject({ setId: setIdOf(wallet.signing), until: new Date(world.now() + 60_000).toISOString() })
    world.errors.length = 0
  })

  test('has nothing of a server that sends no events', async () => {
    const client = world.client()
    await newWallet(client)
    expect(await typesOf(client)).toEqual([])
  })

  test('an event that cannot be written takes its operation back', async () => {
    const refusing = (db: Queryable): Queryable => ({
      query: (sql, parameters) =>
        db.query(sql.replace('insert into reshare_events', 'insert into reshare_events_missing'), parameters),
    })
    const server = sending({
      ...world.database,
      transaction: (work, isolation) => world.database.transaction((tx) => work(refusing(tx)), isolation),
    })
    const client = world.client([server])
    await expect(newWallet(client)).rejects.toThrow('the server failed')
    const of = (table: string) => world.database.query(`select 1 from ${table} where client_id = $1`, [client.clientId])
    for (const table of ['reshare_sets', 'reshare_wallets', 'reshare_audit', 'reshare_events']) {
      expect(await of(table), table).toEqual([])
    }
    expect(world.errors.splice(0).length).toBeGreaterThan(0)
    await newWallet(world.client([sending()], client.clientId))
    expect(await typesOf(client)).toEqual(['set.created'])
  })

  test('has an event if and only if its entry is in the log, wherever the server is killed', async () => {
    const work = async (client: ServerClient) => {
      const wallet = await play(generate(client))
      await confirmSet(
        client,
        setIdOf(
          (await play(backup(client, { walletId: wallet.request.walletId, signing: wallet.prepared[0]! })))
            .prepared[0]!,
        ),
      )
    }
    const seen = new Set<string>()
    for (let nth = 1; ; nth++) {
      const { database, isDead } = dyingDatabase(world.database, nth)
      const client = world.client([sending(database)])
      await work(client).catch(() => undefined)
      const logged = await world.database.query(
        `select event from reshare_audit where client_id = $1 and event not in ('prepared', 'aborted') order by sequence`,
        [client.clientId],
      )
      const names: Record<string, string> = {
        activated: 'set.created',
        committed: 'backup.created',
        confirmed: 'backup.confirmed',
      }
      expect(await typesOf(client)).toEqual(logged.map(({ event }) => names[event as string]))
      seen.add(String(logged.length))
      if (!isDead()) break
    }
    world.errors.length = 0
    expect([...seen].sort()).toEqual(['0', '1', '2', '3'])
  })
})
