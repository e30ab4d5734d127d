import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { apiTokens } from '../../../src/server/access/tokens.ts'
import { verifyAuditLog } from '../../../src/server/audit/verify.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { serverContext } from '../../../src/server/create-server.ts'
import { isRefusedAsMoved } from '../../../src/server/client-moved.ts'
import { raiseFence } from '../../../src/server/moves/fence.ts'
import { hasOpenOperations, leave } from '../../../src/server/moves/leave.ts'
import { beginMove, findMove, lockSlot, type Move } from '../../../src/server/moves/moves-table.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { paths } from '../../../src/wire/paths.ts'
import { chosenDatabases, databaseKinds } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import type { ClientOperation } from '../../support/server-client.ts'
import { codeOf, play, setStatus, type ServerClient } from '../../support/server-client.ts'
import { backup, generate, newWallet, setIdOf, sign, signEcdsa, type TestWallet } from '../support/wallets.ts'
import { createWorld, MASTER_KEY, type World } from '../support/world.ts'

const MOVED = 'CLIENT_MOVED'

/** What a mover of a world's database works with. */
const contextOf = ({ database, now, random, errors }: World): ServerContext =>
  serverContext({
    database,
    now,
    random,
    masterKey: MASTER_KEY.slice(0, 32),
    authenticate: () => undefined,
    onError: (error) => errors.push(error),
  })

describe.each(chosenDatabases('fence'))('a client that leaves a database on $name', ({ open }) => {
  let database: Database
  let world: World
  let context: ServerContext
  let client: ServerClient
  let wallet: TestWallet
  let move: Move

  beforeAll(async () => {
    database = await open()
    world = createWorld(database, seededRandom())
    context = contextOf(world)
    await world.server().sweep()
    await context.audit.open()
    await raiseFence(database)
  })
  beforeEach(async () => {
    client = world.client()
    wallet = await newWallet(client)
    move = { clientId: client.clientId, number: 1 }
  })
  afterAll(() => database.close())

  const begin = () =>
    database.transaction((tx) => beginMove(context, tx, { ...move, state: 'CLOSING', peer: 'elsewhere' }))
  const go = async () => {
    await begin()
    expect(await leave(context, move, 'elsewhere')).toBe(true)
  }
  const requests = (): ClientOperation[] => [
    sign(client, wallet.signing),
    signEcdsa(client, wallet),
    generate(client),
    backup(client, wallet),
  ]

  test('may finish what is under way until it leaves, and begins nothing', async () => {
    const operation = backup(client, wallet)
    operation.take(await operation.post())
    await begin()
    for (const refused of requests()) expect(codeOf(await refused.post())).toBe(MOVED)
    expect(await hasOpenOperations(database, client.clientId)).toBe(true)
    await play(operation)
    expect(await hasOpenOperations(database, client.clientId)).toBe(false)
    expect(await setStatus(client, setIdOf(wallet.signing))).toMatchObject({ state: 'ACTIVE' })
  })

  test('is refused whatever it asks for once it has left, also by the rows that are left', async () => {
    const operation = backup(client, wallet)
    operation.take(await operation.post())
    await go()
    const before = await rowsOf(database, client.clientId)
    for (const refused of [operation, ...requests()]) {
      expect(codeOf(await refused.post())).toBe(MOVED)
    }
    const setId = setIdOf(wallet.signing)
    for (const path of [paths.set(setId), paths.wallets(null), paths.devices, paths.approvals]) {
      expect([path, codeOf(await client.send('GET', path))]).toEqual([path, MOVED])
    }
    for (const path of [paths.retire(setId), paths.abort(operation.operationId)]) {
      expect([path, codeOf(await client.send('POST', path))]).toEqual([path, MOVED])
    }
    await expect(apiTokens(database).create(client.clientId)).rejects.toSatisfy(isRefusedAsMoved)
    await world.server().sweep()
    expect(await rowsOf(database, client.clientId)).toEqual(before)
    expect(world.errors).toEqual([])
    const other = world.client()
    await play(sign(other, (await newWallet(other)).signing))
  })

  test('leaves nothing behind that may be used once', async () => {
    const left = () =>
      database.query(
        `select (select count(*) from reshare_preprocessings join reshare_sets using (set_id) where client_id = $1)::int as preprocessings,
           (select count(*) from reshare_ot_states join reshare_sets using (set_id) where client_id = $1)::int as setups,
           (select count(*) from reshare_operations where client_id = $1 and state is not null)::int as sessions`,
        [client.clientId],
      )
    const operation = signEcdsa(client, wallet)
    operation.take(await operation.post())
    expect(await left()).toEqual([{ preprocessings: 0, setups: 1, sessions: 1 }])
    await go()
    expect(await left()).toEqual([{ preprocessings: 0, setups: 0, sessions: 0 }])
  })

  test('leaves once, and only if it was about to', async () => {
    expect(await leave(context, move, 'elsewhere')).toBe(false)
    await go()
    expect(await leave(context, move, 'elsewhere')).toBe(false)
    expect(await findMove(database, client.clientId)).toMatchObject({ state: 'LEAVING', number: 1, peer: 'elsewhere' })
  })

  test('leaves a log that is complete, and without the sets once they are deleted', async () => {
    await go()
    const masterKey = MASTER_KEY.slice(0, 32)
    const breaks = async () => (await verifyAuditLog({ database, masterKey })).breaks
    expect(await breaks()).toEqual([])
    const ofClient = 'set_id in (select set_id from reshare_sets where client_id = $1)'
    await database.query(`delete from reshare_shares where ${ofClient}`, [client.clientId])
    await database.query('delete from reshare_sets where client_id = $1', [client.clientId])
    expect(await breaks()).toEqual([])
  })

  test('every table of clients is fenced, or written by deliveries and movers only', async () => {
    const rows = await database.query(
      `select distinct table_name::text from information_schema.columns
       where table_schema = 'public' and table_name like 'reshare%' and column_name in ('client_id', 'set_id')
         and table_name not like 'reshare_custodian_%' and table_name not in
           (select event_object_table from information_schema.triggers where trigger_name like '%_fenced')
       order by 1`,
    )
    // `reshare_audit` is written with its head.
    const unfenced = ['reshare_audit', 'reshare_client_moves', 'reshare_event_queue', 'reshare_events']
    expect(rows.map((row) => row['table_name'])).toEqual(unfenced)
  })
})

const postgres = databaseKinds.find(({ name }) => name === 'PostgreSQL')

describe.skipIf(postgres === undefined)('a process that writes while the client leaves', () => {
  let database: Database
  let world: World
  let context: ServerContext

  beforeAll(async () => {
    database = await postgres!.open()
    world = createWorld(database, seededRandom())
    context = contextOf(world)
    await world.server().sweep()
    await context.audit.open()
    await raiseFence(database)
  })
  afterAll(() => database.close())

  const write = (tx: Queryable, clientId: string, walletId: string) =>
    tx.query('insert into reshare_wallets (client_id, wallet_id, created_at) values ($1, $2, now())', [
      clientId,
      walletId,
    ])

  test.each(['read committed', 'serializable'] as const)(
    'is refused, %s, whatever it has read before',
    async (isolation) => {
      const { clientId } = world.client()
      const move = { clientId, number: 1 }
      await database.transaction((tx) => beginMove(context, tx, { ...move, state: 'CLOSING', peer: 'elsewhere' }))
      let looked = 0
      const stale = database.transaction(async (tx) => {
        await tx.query('select count(*) from reshare_wallets where client_id = $1', [clientId])
        // Its snapshot is from before the client leaves.
        if (looked++ === 0) expect(await leave(context, move, 'elsewhere')).toBe(true)
        await write(tx, clientId, 'stale')
      }, isolation)
      await expect(stale).rejects.toSatisfy(isRefusedAsMoved)
      expect(looked).toBe(isolation === 'serializable' ? 2 : 1)
      expect(await database.query('select 1 from reshare_wallets where client_id = $1', [clientId])).toEqual([])
    },
  )

  test('is waited for if it was first, and its rows are what leaves', async () => {
    const { clientId } = world.client()
    const move = { clientId, number: 1 }
    await database.transaction((tx) => beginMove(context, tx, { ...move, state: 'CLOSING', peer: 'elsewhere' }))
    let left: Promise<boolean> | undefined
    await database.transaction(async (tx) => {
      await write(tx, clientId, 'first')
      left = leave(context, move, 'elsewhere')
      await untilBlocked(database)
      await write(tx, clientId, 'second')
    })
    expect(await left).toBe(true)
    const wallets = await database.query('select wallet_id from reshare_wallets where client_id = $1 order by 1', [
      clientId,
    ])
    expect(wallets.map((row) => row['wallet_id'])).toEqual(['first', 'second'])
  })

  test('goes on if the client does not leave after all', async () => {
    const { clientId } = world.client()
    await expect(
      database.transaction(async (tx) => {
        await lockSlot(tx, clientId)
        throw new Error('stopped')
      }),
    ).rejects.toThrow('stopped')
    await write(database, clientId, 'here')
  })
})

/** Returns once a transaction waits for another one. */
async function untilBlocked(database: Database): Promise<void> {
  for (;;) {
    const rows = await database.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The sets and operations of a client, as they are. */
async function rowsOf(database: Database, clientId: string): Promise<unknown> {
  return Promise.all(
    ['reshare_sets', 'reshare_operations', 'reshare_decisions', 'reshare_responses', 'reshare_audit'].map((table) =>
      database.query(`select * from ${table} where client_id = $1 order by 1, 2`, [clientId]),
    ),
  )
}
