import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../../src/server/audit/entry.ts'
import { verifyAuditLog } from '../../../src/server/audit/verify.ts'
import { forEachRow } from '../../../src/server/each-row.ts'
import { bumpEpoch, readEpoch } from '../../../src/server/epoch.ts'
import { recordCustodianShare, scheduleShareDeletion } from '../../../src/server/sets/custodian-shares.ts'
import { PAGE } from '../../../src/util/pages.ts'
import type { Database, Queryable, Row, SqlValue } from '../../../src/service/database/types.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { createTables, type Tables } from '../support/tables.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'

const FOUND = 'server/trouble'

describe.each(chosenDatabases(FOUND))('what a row cannot hold up, on $name', ({ open }) => {
  let tables: Tables
  let database: Database
  beforeAll(async () => {
    database = await open()
    tables = await createTables(database, seededRandom())
  })
  afterAll(() => database.close())

  test('rows are gone through a page after the other, and those that fail are told of and passed over', async () => {
    const count = 2 * PAGE + 7
    await database.query('create table sample (a text, b text, c int)')
    await database.query(`insert into sample select (n % 3)::text, n::text, n from generate_series(1, ${count}) n`)
    const told: unknown[] = []
    const done: SqlValue[] = []
    let statements = 0
    const query: Database['query'] = (sql, parameters) => {
      statements += 1
      return database.query(sql, parameters)
    }
    const rows = {
      select: 'select a, b, c from sample where c > $1',
      parameters: [2],
      key: ['a', 'b'],
      doing: (row: Row) => `to count ${String(row['b'])}`,
    }
    const failing = (n: number) => n % 100 === 0 || n <= 10
    const failed = await forEachRow(
      { database: { ...database, query }, onError: (error) => told.push((error as Error).message) },
      rows,
      async ({ c }) => {
        if (failing(c as number)) throw new Error('no')
        done.push(c as number)
      },
    )
    const all = Array.from({ length: count - 2 }, (_, i) => i + 3)
    expect(done.sort((a, b) => (a as number) - (b as number))).toEqual(all.filter((n) => !failing(n)))
    const expected = all.filter(failing).map((n) => `failed to count ${n}: it is left for later`)
    expect(told.sort()).toEqual(expected.sort())
    expect(failed).toBe(expected.length)
    expect(statements).toBe(3 + failed)
  })

  test('where the database does not answer any more, the next row is not tried', async () => {
    const keys = [tables.key(), tables.key()]
    for (const key of keys) await tables.set(key, {}, { state: 'RETIRING' })
    const gone = new Error('gone')
    const tried: unknown[] = []
    const failing: Database = {
      ...database,
      query: (sql, parameters) => (sql === 'select 1' ? Promise.reject(gone) : database.query(sql, parameters)),
      transaction: () => Promise.reject(new Error('no transaction')),
    }
    const onError = (error: unknown) => void tried.push(error)
    await expect(sweep({ ...tables.context, database: failing, onError })).rejects.toThrow(gone)
    expect(tried).toHaveLength(1)
    await sweep(tables.context)
    expect(tables.errors).toEqual([])
  })

  test.each(['reshare_operations open', 'ban_logged', 'revoker is not null', `state = 'RETIRING'`, 'deletion_pending'])(
    'a step of a sweep that fails holds up no other: %s',
    async (text) => {
      const { context } = tables
      const [expired, retiring, removed] = [tables.key(), tables.key(), tables.key()]
      await tables.begin(expired)
      const setId = await tables.set(retiring, {}, { state: 'RETIRING' })
      const half = await tables.set(removed, { purpose: 'backup' })
      await recordCustodianShare(database, removed, half)
      await scheduleShareDeletion(database, removed)
      tables.clock += context.limits.operationMs
      const failure = new Error('no')
      const query: Database['query'] = (sql, parameters) =>
        sql.includes(text) ? Promise.reject(failure) : database.query(sql, parameters)
      const told: unknown[] = []
      await sweep({ ...context, database: { ...database, query }, onError: (error) => told.push(error) })
      expect(told).toEqual([failure])
      const done = [
        (await findDecision(database, expired)) === 'ABORT' || text.includes('open'),
        (await tables.state(setId)) === 'DESTROYED' || text.includes('RETIRING'),
        tables.removed.includes(half) || text === 'deletion_pending',
      ]
      expect(done).toEqual([true, true, true])
      await sweep(context)
      expect(tables.errors).toEqual([])
    },
  )

  test('what is forgotten goes by pages', async () => {
    const { context } = tables
    const count = PAGE + 3
    const over = new Date(tables.clock - context.limits.responseMs)
    const series = `from generate_series(1, ${count}) n`
    for (const sql of [
      `insert into reshare_operations (client_id, operation_id, kind, round, epoch, expires_at)
       select 'old', n::text, 'sign', 1, 1, $1 ${series}`,
      `insert into reshare_decisions (client_id, operation_id, decision, decided_at)
       select 'old', n::text, 'COMMIT', $1 ${series}`,
      `insert into reshare_rates (client_id, kind, subject, count, started_at, ends_at)
       select n::text, 'sign', '', 1, $1, $1 ${series}`,
    ]) {
      await database.query(sql, [over])
    }
    const pages: number[] = []
    await sweep({ ...context, database: countingPages(database, pages) })
    expect(pages.filter((rows) => rows > 0).sort((a, b) => a - b)).toEqual([3, 3, PAGE, PAGE])
    const left = `select (select count(*) from reshare_operations where client_id = 'old')::int as operations,
      (select count(*) from reshare_decisions where client_id = 'old')::int as decisions,
      (select count(*) from reshare_rates where kind = 'sign' and ends_at = $1)::int as rates`
    expect(await database.query(left, [over])).toEqual([{ operations: 0, decisions: 0, rates: 0 }])
  })

  test('what ends with an epoch goes by pages, and the epoch is raised last', async () => {
    const { clientId } = tables.key()
    const setId = await tables.set({ ...tables.key(), clientId })
    const series = `from generate_series(1, ${PAGE + 3}) n`
    await database.query(
      `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
       select $1, n::text, '\\x01', 1, now(), now() ${series}`,
      [setId],
    )
    for (const state of ['OPEN', 'USED']) {
      await database.query(
        `insert into reshare_approvals (client_id, approval_id, action, state, created_at, ready_at, expires_at, sealed)
         select $1, $2 || n::text, 'sign', $2, now(), now(), now(), '\\x01' ${series}`,
        [clientId, state],
      )
    }
    const epoch = await readEpoch(database)
    const stopped = { ...database, query: stopAt('delete from reshare_preprocessings', database) }
    await expect(bumpEpoch(stopped)).rejects.toThrow('stopped')
    expect(await readEpoch(database)).toBe(epoch)
    const pages: number[] = []
    expect(await bumpEpoch(countingPages(database, pages))).toBe(epoch + 1)
    expect(pages.filter((rows) => rows > 0)).toEqual([PAGE, 3])
    const [left] = await database.query(
      `select (select count(*)::int from reshare_preprocessings) as preprocessings,
         (select count(*)::int from reshare_approvals where state <> 'ENDED') as waiting,
         (select count(*)::int from reshare_approvals where client_id = $1) as approvals`,
      [clientId],
    )
    expect(left).toEqual({ preprocessings: 0, waiting: 0, approvals: 2 * (PAGE + 3) })
  })

  test('any number of events is written in one transaction, and the chain is whole', async () => {
    const { clientId } = tables.key()
    const events = Array.from({ length: 8000 }, (_, i): AuditEvent => ({ event: 'unlocked', detail: `${i}` }))
    await database.transaction((tx) => tables.context.audit.record(tx, clientId, events))
    await database.transaction((tx) => tables.context.audit.record(tx, clientId, [{ event: 'lockedOut' }]))
    const log = await tables.log(clientId)
    expect(log).toEqual([...events.map(({ event, detail }) => `${event} ${detail}`), 'lockedOut'])
    const { breaks } = await verifyAuditLog({ database, masterKey: tables.masterKey })
    expect(breaks.filter((broken) => broken.clientId === clientId)).toEqual([])
  })
})

/** The database, with how many rows each of its deletions has. */
function countingPages(database: Database, pages: number[]): Database {
  const counting = (inner: Queryable): Queryable => ({
    async query(sql, parameters) {
      const rows = await inner.query(sql, parameters)
      if (/delete/.test(sql)) pages.push(rows.length)
      return rows
    },
  })
  return {
    ...database,
    ...counting(database),
    transaction: (work, isolation) => database.transaction((tx) => work(counting(tx)), isolation),
  }
}

/** Fails at a statement that begins so. */
function stopAt(start: string, database: Queryable): Queryable['query'] {
  return (sql, parameters) =>
    sql.startsWith(start) ? Promise.reject(new Error('stopped')) : database.query(sql, parameters)
}
