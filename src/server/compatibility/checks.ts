import { errorMessage } from '../../util/brand.ts'
import { equalBytes, isBytes } from '../../util/bytes.ts'
import type { Database, Queryable } from '../../service/database/types.ts'

/** Tries one thing that the server relies on. */
export interface Check {
  /** Names it, as the manual of PostgreSQL does. */
  readonly name: string
  /** Whether it takes two connections at the same time. */
  readonly isConcurrent?: boolean
  /**
   * Tries it.
   *
   * @param table the name of a table of columns `id text primary key, number int`, with the rows `a` and `b` of 1
   * @returns what is wrong; undefined if nothing is
   */
  run(database: Database, table: string): Promise<string | undefined>
}

/** A transaction of a check: what it runs first, and then within another transaction that has begun before. */
async function within(
  database: Database,
  isolation: 'serializable' | 'read committed',
  outer: (tx: Queryable, attempt: number) => Promise<void>,
): Promise<number> {
  let attempts = 0
  await database.transaction((tx) => outer(tx, ++attempts), isolation)
  return attempts
}

const numberOf = async (db: Queryable, sql: string, parameters?: readonly string[]): Promise<unknown> =>
  Object.values((await db.query(sql, parameters))[0] ?? {})[0]

/** Whether a statement fails with a text. */
async function fails(database: Database, sql: string, text: string): Promise<boolean> {
  const error: unknown = await database.query(sql).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return errorMessage(error)?.includes(text) ?? false
}

/** What the server relies on, in the order in which it is tried. */
export const CHECKS: readonly Check[] = [
  {
    name: 'encoding UTF8',
    async run(database) {
      const encoding = await numberOf(database, `select current_setting('server_encoding')`)
      return encoding === 'UTF8' ? undefined : `it is ${String(encoding)}`
    },
  },
  {
    name: 'a primary that can be written',
    async run(database) {
      const isStandby = await numberOf(database, 'select pg_is_in_recovery()')
      return isStandby === false ? undefined : 'this is a standby'
    },
  },
  {
    name: 'durable commits (fsync, synchronous_commit)',
    async run(database) {
      const off: string[] = []
      for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
        const value = await numberOf(database, `select current_setting('${name}', true)`)
        if (value === 'off') off.push(name)
      }
      return off.length === 0 ? undefined : `${off.join(' and ')} is off: a crash loses what was committed`
    },
  },
  {
    name: 'types (bytea, timestamptz, bigint, arrays)',
    async run(database) {
      const [bytes, time] = [Uint8Array.of(0, 255, 92, 39), new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678))]
      const [row] = await database.query(
        `select $1::bytea as bytes, $2::timestamptz as time, (9007199254740993::bigint)::text as large,
           'b' = any(array['a', 'b']::text[]) as found, ('12345678901234567890'::numeric + 1)::text as sum`,
        [bytes, time],
      )
      const read = row?.['bytes']
      if (!isBytes(read) || !equalBytes(read, bytes)) return 'bytes are not what was written'
      if (Number(row?.['time']) !== time.getTime()) return 'times are rounded'
      const numbers = [row?.['large'], row?.['found'], row?.['sum']].join()
      return numbers === '9007199254740993,true,12345678901234567891' ? undefined : 'numbers are rounded'
    },
  },
  {
    name: 'statements that change several tables (with … returning)',
    async run(database, table) {
      const sql = `with used as (update ${table} set number = number where id = 'a' returning 1),
          added as (insert into ${table} (id, number) select 'c', 3 from used on conflict (id) do nothing returning 1)
        select count(*)::int from added`
      const counts = [await numberOf(database, sql), await numberOf(database, sql)].join()
      return counts === '1,0' ? undefined : `the two runs have added ${counts} rows`
    },
  },
  {
    name: 'identity columns',
    async run(database, table) {
      await database.query(`create table ${table}_identity (ordinal bigint generated always as identity, id text)`)
      const add = `insert into ${table}_identity (id) values ('a') returning ordinal::text`
      const [first, second] = [await numberOf(database, add), await numberOf(database, add)]
      return Number(second) > Number(first) ? undefined : `${String(second)} came after ${String(first)}`
    },
  },
  {
    name: 'partial indexes',
    async run(database, table) {
      await database.query(`create index ${table}_partial on ${table} (number) where number > 1`)
      return undefined
    },
  },
  {
    name: 'triggers in PL/pgSQL that refuse a change',
    async run(database, table) {
      await database.query(
        `create function ${table}_refuse() returns trigger language plpgsql as
           $$ begin raise exception 'refused by the trigger'; end $$`,
      )
      await database.query(`create table ${table}_kept (id text primary key)`)
      await database.query(`insert into ${table}_kept (id) values ('a')`)
      await database.query(
        `create trigger ${table}_kept_rows before update or delete or truncate on ${table}_kept
           for each statement execute function ${table}_refuse()`,
      )
      for (const change of [`update ${table}_kept set id = 'b'`, `delete from ${table}_kept`]) {
        if (!(await fails(database, change, 'refused by the trigger'))) return `"${change}" was not refused`
      }
      return undefined
    },
  },
  {
    name: 'transactions that are rolled back whole',
    async run(database, table) {
      const stop = new Error('rolled back')
      const work = async (tx: Queryable) => {
        await tx.query(`update ${table} set number = 9 where id = 'a'`)
        await tx.query(`insert into ${table} (id, number) values ('d', 9)`)
        throw stop
      }
      await database.transaction(work).catch((error: unknown) => {
        if (error !== stop) throw error
      })
      const left = await numberOf(database, `select count(*)::int from ${table} where number = 9`)
      return left === 0 ? undefined : `${String(left)} rows were left`
    },
  },
  {
    name: 'serializable transactions',
    isConcurrent: true,
    async run(database, table) {
      const sum = `select sum(number)::int from ${table} where id in ('a', 'b')`
      // Write skew: each reads both rows and writes one of them. One of the two has to be rolled back and run again.
      const attempts = await within(database, 'serializable', async (tx, attempt) => {
        await tx.query(sum)
        if (attempt === 1) {
          await within(database, 'serializable', async (other) => {
            await other.query(sum)
            await other.query(`update ${table} set number = number + 1 where id = 'b'`)
          })
        }
        await tx.query(`update ${table} set number = number + 1 where id = 'a'`)
      })
      return attempts > 1 ? undefined : 'two transactions of which neither saw the other were committed (write skew)'
    },
  },
  {
    name: 'read committed transactions that see what others commit',
    isConcurrent: true,
    async run(database, table) {
      const read = `select number from ${table} where id = 'a'`
      let seen: readonly unknown[] = []
      await within(database, 'read committed', async (tx) => {
        const before = await numberOf(tx, read)
        await database.query(`update ${table} set number = number + 1 where id = 'a'`)
        seen = [before, await numberOf(tx, read)]
      })
      return Number(seen[1]) === Number(seen[0]) + 1 ? undefined : 'a transaction did not see a later commit'
    },
  },
  {
    name: 'row locks (for update)',
    isConcurrent: true,
    async run(database, table) {
      let free: unknown
      await within(database, 'read committed', async (tx) => {
        await tx.query(`select 1 from ${table} where id = 'a' for update`)
        await within(database, 'read committed', async (other) => {
          const sql = `select id from ${table} where id in ('a', 'b') order by id for update skip locked`
          free = (await other.query(sql)).map(({ id }) => id).join()
        })
      })
      return free === 'b' ? undefined : `the rows ${String(free)} could be locked, and a was`
    },
  },
  {
    name: 'advisory locks of a transaction',
    isConcurrent: true,
    async run(database, table) {
      const lock = `(hashtextextended($1, 0))`
      const attempt = async (db: Queryable) => numberOf(db, `select pg_try_advisory_xact_lock${lock}`, [table])
      let taken: unknown = true
      await within(database, 'read committed', async (tx) => {
        await tx.query(`select pg_advisory_xact_lock${lock}`, [table])
        taken = await attempt(database)
      })
      if (taken !== false) return 'two transactions held the same lock'
      let free: unknown
      // A connection has its own locks: this transaction has the one that is free, and the attempt another.
      await within(database, 'read committed', async (tx) => {
        await tx.query('select 1')
        free = await attempt(database)
      })
      return free === true ? undefined : 'the lock outlived its transaction'
    },
  },
  {
    name: 'detection of deadlocks',
    isConcurrent: true,
    async run(database, table) {
      let waiting = 2
      let release: () => void = () => undefined
      const both = new Promise<void>((resolve) => (release = resolve))
      const lock = (first: string, second: string) =>
        within(database, 'read committed', async (tx, attempt) => {
          await tx.query(`select 1 from ${table} where id = $1 for update`, [first])
          if (attempt === 1 && --waiting === 0) release()
          await both
          await tx.query(`select 1 from ${table} where id = $1 for update`, [second])
        })
      const attempts = await Promise.all([lock('a', 'b'), lock('b', 'a')])
      return attempts.some((count) => count > 1) ? undefined : 'two transactions locked what the other had'
    },
  },
]
