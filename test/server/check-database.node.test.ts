import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKS } from '../../src/server/compatibility/checks.ts'
import { checkDatabase } from '../../src/server/compatibility/check-database.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import type { Database, Queryable } from '../../src/service/database/types.ts'
import { databaseKinds } from '../e2e/support/databases.ts'

const tablesOf = (database: Queryable) =>
  database.query(`select tablename from pg_tables where tablename like 'reshare_check_%'`)

describe.each(databaseKinds)('$name', ({ name, open }) => {
  let database: Database
  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())
  const isSingle = name === 'PGlite'

  test('has what the server relies on, and keeps nothing of the check', async () => {
    const { version, isUsable, checks } = await checkDatabase(
      with_((sql) => sql),
      { isSingle },
    )
    expect(version).toMatch(/^PostgreSQL \d+/)
    expect(checks.map(({ name }) => name)).toEqual(CHECKS.map(({ name }) => name))
    const others = checks.filter(({ result }) => result !== 'ok')
    const detail = 'there is one connection only'
    const untried = CHECKS.filter(({ isConcurrent }) => isSingle && isConcurrent)
    expect(others).toEqual(untried.map(({ name }) => ({ name, result: 'notTried', detail })))
    expect(isUsable).toBe(true)
    expect(await tablesOf(database)).toEqual([])
  })

  const durable = (sql: string) => sql.replace(/current_setting\('\w+', true\)/, `'on'`)
  /** The database, with other statements than it was asked for. That of the tests does not wait for the disk. */
  function with_(change: (sql: string) => string, isolation?: 'read committed'): Database {
    const changed = (db: Queryable): Queryable => ({
      query: (sql, parameters) => db.query(durable(change(sql)), parameters),
    })
    return {
      ...database,
      ...changed(database),
      transaction: (work, asked) => database.transaction((tx) => work(changed(tx)), isolation ?? asked),
    }
  }
  const missing = async (broken: Database, alone = isSingle) => {
    const { isUsable, checks } = await checkDatabase(broken, { isSingle: alone, timeoutMs: 5_000 })
    const found = checks.filter(({ result }) => result === 'missing')
    expect(isUsable).toBe(found.length === 0)
    expect(await tablesOf(database)).toEqual([])
    return found.map(({ name, detail }) => `${name}: ${detail}`)
  }

  test.each<[string, RegExp | string, string, string]>([
    ['another encoding', `current_setting('server_encoding')`, `'LATIN1'`, 'encoding UTF8: it is LATIN1'],
    ['a standby', 'pg_is_in_recovery()', 'true', 'a primary that can be written: this is a standby'],
    [
      'commits that are lost',
      `current_setting('fsync', true)`,
      `'off'`,
      'durable commits (fsync, synchronous_commit): fsync is off: a crash loses what was committed',
    ],
    [
      'times in seconds',
      '$2::timestamptz',
      `date_trunc('second', $2::timestamptz)`,
      'types (bytea, timestamptz, bigint, arrays): times are rounded',
    ],
    [
      'large numbers as floats',
      '9007199254740993::bigint',
      '9007199254740992::bigint',
      'types (bytea, timestamptz, bigint, arrays): numbers are rounded',
    ],
    [
      'bytes as text',
      '$1::bytea',
      `substr($1::bytea, 2)`,
      'types (bytea, timestamptz, bigint, arrays): bytes are not what was written',
    ],
    [
      'no conflicts of keys',
      'on conflict (id) do nothing',
      'on conflict (id) do update set number = 4',
      'statements that change several tables (with … returning): the two runs have added 1,1 rows',
    ],
    ['no identities', 'bigint generated always as identity', 'bigint default 1', 'identity columns: 1 came after 1'],
    [
      'no partial indexes',
      /(create index .* )where .*/,
      '$1 order by number',
      'partial indexes: syntax error at or near "order"',
    ],
    [
      'triggers that do nothing',
      `raise exception 'refused by the trigger';`,
      'return null;',
      `triggers in PL/pgSQL that refuse a change: "update T_kept set id = 'b'" was not refused`,
    ],
  ])('that has %s is refused', async (_, part, other, found) => {
    const broken = with_((sql) => sql.replace(part, other))
    expect((await missing(broken, true)).map((text) => text.replace(/reshare_check_[0-9a-f]+/, 'T'))).toEqual([found])
  })

  test('that commits each statement is refused', async () => {
    const broken: Database = { ...database, transaction: (work) => work(database) }
    // Nothing is rolled back, so that checks after it find other rows.
    expect(await missing(broken)).toContain('transactions that are rolled back whole: 2 rows were left')
  })

  test.skipIf(isSingle)('whose transactions are only read committed is refused', async () => {
    expect(await missing(with_((sql) => sql, 'read committed'))).toEqual([
      'serializable transactions: two transactions of which neither saw the other were committed (write skew)',
    ])
  })

  test.skipIf(isSingle).each([
    [
      ' for update',
      '',
      [
        'row locks (for update): the rows a,b could be locked, and a was',
        'detection of deadlocks: two transactions locked what the other had',
      ],
    ],
    [
      'pg_advisory_xact_lock(hashtextextended($1, 0))',
      'length($1)',
      ['advisory locks of a transaction: two transactions held the same lock'],
    ],
    [
      'pg_advisory_xact_lock(',
      'pg_advisory_lock(',
      ['advisory locks of a transaction: the lock outlived its transaction'],
    ],
  ])('that has no %s is refused', async (part, other, found) => {
    expect(
      await missing(with_((sql) => sql.replace(part, other).replace(/^(.*) skip locked$/, other === '' ? '$1' : '$&'))),
    ).toEqual(found)
  })

  test.skipIf(isSingle)('that waits for ever is refused, and nothing is tried after it', async () => {
    const broken: Database = {
      ...database,
      transaction: (work, isolation) =>
        isolation === 'serializable' ? new Promise(() => undefined) : database.transaction(work, isolation),
    }
    const { isUsable, checks } = await checkDatabase(broken, { timeoutMs: 200 })
    expect(isUsable).toBe(false)
    const at = CHECKS.findIndex(({ name }) => name === 'serializable transactions')
    expect(checks[at]).toMatchObject({ result: 'missing', detail: 'it did not end' })
    expect(checks.slice(at + 1).every(({ detail }) => detail === 'an earlier one did not end')).toBe(true)
  })
})

test('a database that makes no tables says so', async () => {
  const database = pgliteDatabase()
  const query: Database['query'] = (sql, parameters) =>
    sql.startsWith('create table') ? Promise.reject(new Error('permission denied')) : database.query(sql, parameters)
  await expect(checkDatabase({ ...database, query })).rejects.toThrow('permission denied')
  await database.close()
})
