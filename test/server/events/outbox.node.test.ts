import { afterEach, describe, expect, test } from 'vitest'
import { type AuditEvent, GENESIS } from '../../../src/server/audit/entry.ts'
import type { KnownHead } from '../../../src/server/audit/log.ts'
import type { WalletEvent } from '../../../src/server/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { ClientOperation, confirmSet, play, retireSet, type ServerClient } from '../../support/server-client.ts'
import { dyingDatabase } from '../support/dying-database.ts'
import { cheat } from '../support/ecdsa.ts'
import { createOutbox, testReceiver } from '../support/events.ts'
import { fileWorld } from '../support/file-world.ts'
import { backup, newBackup, newWallet, prove, recover, refresh, setIdOf, signEcdsa } from '../support/wallets.ts'
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
      const walletId = toHex(random(16))
      // The setup writes nothing that the log has.
      const request = { kind: 'generate', walletId, label: 'phone', withoutSetup: true } as const
      const [signing] = (await play(new ClientOperation(client, request))).prepared
      const [half] = (await play(backup(client, { walletId, signing: signing! }))).prepared
      await confirmSet(client, setIdOf(half!))
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
  }, 240_000)
})

describe('the log with an outbox', () => {
  test('writes the events of many entries in one transaction, in their order', async () => {
    const outbox = await createOutbox(pgliteDatabase(), random)
    const { database, log } = outbox
    const setIds = Array.from({ length: 1100 }, (_, i) => i.toString(16).padStart(64, '0'))
    const entries = setIds.flatMap((setId): AuditEvent[] => [
      { event: 'prepared', setId },
      { event: 'retiring', setId },
    ])
    await database.transaction((tx) => log.record(tx, 'ann', entries))
    const rows = await database.query('select sequence, body from reshare_events order by sequence')
    expect(rows.map(({ sequence }) => sequence)).toEqual(setIds.map((_, i) => 2 * i + 2))
    const bodies = rows.map(({ body }) => JSON.parse(body as string) as WalletEvent)
    expect(bodies.map(({ data }) => data.setId)).toEqual(setIds)
    await database.close()
  })

  test('writes them once, whether or not the end of the chain is as it was known', async () => {
    const outbox = await createOutbox(pgliteDatabase(), random)
    const { database, log } = outbox
    const record = (setId: string, known: KnownHead) =>
      database.transaction((tx) => log.record(tx, 'ann', [{ event: 'proven', setId }], known))
    const start: KnownHead = { sequence: 0, hash: GENESIS, epoch: 1 }
    await record('01', start)
    await record('02', start)
    const [head] = await database.query(`select sequence, hash from reshare_audit_heads where client_id = 'ann'`)
    await record('03', { ...(head as unknown as KnownHead), epoch: 1 })
    const rows = await database.query('select event_id, sequence, body from reshare_events order by sequence')
    expect(
      rows.map(({ sequence, body }) => [sequence, (JSON.parse(body as string) as WalletEvent).data.setId]),
    ).toEqual([
      [1, '01'],
      [2, '02'],
      [3, '03'],
    ])
    // The id of an event leads to its entry.
    const hashes = await database.query(`select hash from reshare_audit where client_id = 'ann' order by sequence`)
    expect(rows.map((row) => row['event_id'])).toEqual(
      hashes.map(({ hash }) => `evt_${toHex((hash as Uint8Array).subarray(0, 16))}`),
    )
    await database.close()
  })
})
