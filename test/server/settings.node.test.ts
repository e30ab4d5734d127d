import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Misconfigured, Unavailable } from '../../src/service/http.ts'
import { postgresDatabase } from '../../src/service/database/postgres.ts'
import type { Database } from '../../src/service/database/types.ts'
import { createServer } from '../../src/server/index.ts'
import { serverSchema } from '../../src/server/schema.ts'
import { createPostgres, databaseKinds } from '../e2e/support/databases.ts'
import { hasPgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { play } from '../support/server-client.ts'
import { seededRandom } from '../support/random.ts'
import { newWallet, prove, sign } from './support/wallets.ts'
import { createWorld } from './support/world.ts'

/** What an operator may have set for a role or a database, and nothing here may rest on. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['datestyle', 'German, DMY'],
  ['datestyle', 'SQL, MDY'],
  ['datestyle', 'Postgres, DMY'],
  ['timezone', 'Asia/Kathmandu'],
  ['intervalstyle', 'iso_8601'],
  ['bytea_output', 'escape'],
  ['standard_conforming_strings', 'off'],
  ['default_transaction_isolation', 'serializable'],
  ['default_transaction_deferrable', 'on'],
  ['extra_float_digits', '-15'],
  ['transform_null_equals', 'on'],
]

/** An empty database with settings of its own. */
async function emptyDatabase(settings: typeof SETTINGS = []): Promise<string> {
  const { url, drop } = await createPostgres()
  onTestFinished(drop)
  for (const [name, value] of settings) await asAdmin(url, `alter database %I set ${name} = '${value}'`)
  return url
}

/** @param statement `%I` is the database's name */
async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement.replace('%I', new URL(url).pathname.slice(1)))
  } finally {
    await client.end()
  }
}

function openDatabase(options: string | pg.PoolConfig): Database {
  const database = postgresDatabase(options)
  onTestFinished(() => database.close())
  return database
}

/** Makes a wallet, proves it, signs with it, and sweeps. */
async function useDatabase(database: Database): Promise<void> {
  const world = createWorld(database, seededRandom())
  const client = world.client()
  const wallet = await newWallet(client)
  await play(prove(client, wallet.signing))
  expect((await play(sign(client, wallet.signing))).signature).toHaveLength(64)
  world.pass(24 * 60 * 60_000)
  await world.server().sweep()
  expect(world.errors).toEqual([])
}

async function expectValues(database: Database): Promise<void> {
  const values = [new Date('2026-07-02T03:04:05.678Z'), Uint8Array.from({ length: 256 }, (_, i) => i), '\\x41', 7, true]
  const sql = 'select $1::timestamptz as at, $2::bytea as bytes, $3::text as text, $4::int as n, $5::boolean as flag'
  const [at, bytes, text, n, flag] = values
  expect(await database.query(sql, values)).toEqual([{ at, bytes, text, n, flag }])
  const whole = `select timestamptz '2026-01-02 03:04:05Z' as at, null::timestamptz as none, null::bytea as nothing`
  expect(await database.query(whole)).toEqual([{ at: new Date('2026-01-02T03:04:05Z'), none: null, nothing: null }])
}

describe.skipIf(databaseKinds.length === 1)('PostgreSQL', () => {
  test.each(SETTINGS)('with %s = %s', async (...setting) => {
    const database = openDatabase(await emptyDatabase([setting]))
    await expectValues(database)
    await useDatabase(database)
  })

  test('of whose driver the app has changed how values are read', async () => {
    const before = [16, 17, 23, 1184].map((oid) => [oid, pg.types.getTypeParser(oid)] as const)
    onTestFinished(() => before.forEach(([oid, parse]) => pg.types.setTypeParser(oid, parse as never)))
    for (const [oid] of before) pg.types.setTypeParser(oid, (text: string) => `read ${text}`)
    await expectValues(openDatabase(await emptyDatabase()))
  })

  test('gives a time without an end as one that is not valid', async () => {
    const database = openDatabase(await emptyDatabase())
    const [row] = await database.query(
      `select timestamptz 'infinity' as a, timestamptz '-infinity' as b, timestamptz '0044-03-15 BC' as c`,
    )
    for (const at of Object.values(row!)) expect((at as Date).getTime()).toBeNaN()
  })

  test('with an encoding that does not have all text says so', async () => {
    const { url, drop } = await createPostgres()
    onTestFinished(drop)
    const latin = new URL(url)
    latin.pathname += '_latin'
    await asAdmin(url, `create database %I_latin encoding 'LATIN1' template template0 locale 'C'`)
    onTestFinished(() => asAdmin(url, 'drop database %I_latin with (force)'))
    const database = openDatabase(latin.href)
    await expect(database.migrate(serverSchema)).rejects.toThrow(/encoding is LATIN1/)
    await expect(database.migrate(serverSchema)).rejects.toThrow(Misconfigured)
  })

  test.each([
    ['a role whose transactions only read', { settings: [['default_transaction_read_only', 'on']] as const }],
    ['a password that is wrong', { change: (url: URL) => (url.password = 'wrong') }],
    ['a database that is not there', { change: (url: URL) => (url.pathname = '/nothing') }],
  ] as [string, { settings?: typeof SETTINGS; change?: (url: URL) => void }][])(
    'with %s: said once, and no client is told to come again',
    async (_, { settings = [], change }) => {
      const url = new URL(await emptyDatabase(settings))
      change?.(url)
      await expectSaidOnce(openDatabase(url.href), Misconfigured)
    },
  )

  describe.skipIf(!hasPgBouncer)('behind PgBouncer', () => {
    const pooled = async (mode: 'session' | 'transaction' | 'statement', settings: typeof SETTINGS = []) => {
      const bouncer = await startPgBouncer(await emptyDatabase(settings), mode)
      onTestFinished(() => bouncer.stop())
      return bouncer.url
    }

    test.each(['session', 'transaction'] as const)('that pools by %s, whatever others have set', async (mode) => {
      const url = await pooled(mode, [['datestyle', 'German, DMY']])
      const [one, other] = [openDatabase(url), new pg.Pool({ connectionString: url })]
      onTestFinished(() => other.end())
      await other.query(`set datestyle = 'SQL, DMY'`)
      for (let i = 0; i < 8; i++) {
        const held = other.query('select pg_sleep(0.01)')
        await expectValues(one)
        await one.transaction((tx) => expectValues({ ...one, ...tx }))
        await held
      }
      await useDatabase(one)
    })

    test.each([
      ['options', { options: '-c lock_timeout=5000' }],
      ['statement_timeout', { statement_timeout: 5000 }],
    ])('that refuses a parameter of the connection, %s: said once', async (name, options) => {
      const database = openDatabase({ connectionString: await pooled('transaction'), ...options })
      const told = await expectSaidOnce(database, Misconfigured)
      expect((told as Error).message).toContain(name)
    })

    test('that pools by statement: said once', async () => {
      await expectSaidOnce(openDatabase(await pooled('statement')), Misconfigured)
    })

    test('with time-outs as docs/operations.md has them set', async () => {
      const url = await emptyDatabase()
      const role = `reshare_${new URL(url).pathname.slice(-8)}`
      await asAdmin(url, `create role ${role} login superuser password 'ofthetest'`)
      onTestFinished(async () => {
        await asAdmin(url, `drop owned by ${role} cascade`)
        await asAdmin(url, `drop role ${role}`)
      })
      await asAdmin(url, `alter role ${role} set lock_timeout = '50ms'`)
      const own = new URL(url)
      own.username = role
      own.password = 'ofthetest'
      const bouncer = await startPgBouncer(own.href, 'transaction')
      onTestFinished(() => bouncer.stop())
      const database = openDatabase(bouncer.url)
      await database.query('create table sample (n int)')
      await database.query('insert into sample values (1)')
      const waiting = database.transaction(async (tx) => {
        await tx.query('select n from sample for update')
        await database.transaction((also) => also.query('select n from sample for update'))
      })
      await expect(waiting).rejects.toThrow(Unavailable)
      await database.query('drop table sample')
      await bouncer.stop()
    })

    test('that has gone away, which passes', async () => {
      const bouncer = await startPgBouncer(await emptyDatabase(), 'transaction')
      const database = openDatabase(bouncer.url)
      await database.query('select 1')
      await bouncer.stop()
      await expect(database.query('select 1')).rejects.toThrow(Unavailable)
    })
  })
})

/** @returns what the operator was told */
async function expectSaidOnce(database: Database, kind: typeof Misconfigured): Promise<unknown> {
  const told: unknown[] = []
  const server = createServer({
    database,
    authenticate: () => ({ clientId: 'ann' }),
    masterKey: new Uint8Array(32),
    onError: (error) => told.push(error),
  })
  for (let i = 0; i < 3; i++) {
    const answer = await server.fetch(new Request(`http://server.test/v1/sets/${'0'.repeat(64)}`))
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ error: { id: 'INTERNAL' } })
  }
  await expect(server.sweep()).rejects.toThrow(kind)
  expect(told).toEqual([expect.any(kind)])
  return told[0]
}
