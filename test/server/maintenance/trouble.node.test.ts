import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import type { AuditEvent } from '../../../src/server/audit/entry.ts'
import { verifyAuditLog } from '../../../src/server/audit/verify.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { createServer } from '../../../src/server/create-server.ts'
import { noteDevice } from '../../../src/server/devices/devices-table.ts'
import { revokeDevice } from '../../../src/server/devices/revoke.ts'
import { forEachRow } from '../../../src/server/each-row.ts'
import { recordCustodianShare, scheduleShareDeletion } from '../../../src/server/sets/custodian-shares.ts'
import { PAGE } from '../../../src/util/pages.ts'
import type { Custodian } from '../../../src/custodian/types.ts'
import { encodeRoundBody } from '../../../src/wire/round-body.ts'
import type { Database, Queryable, Row, SqlValue } from '../../../src/service/database/types.ts'
import { leaseRound, decideRound } from '../../../src/server/rounds/lease.ts'
import { abortOperation } from '../../../src/server/rounds/decisions.ts'
import { handleRound } from '../../../src/server/rounds/handle-round.ts'
import {
  decideUnstarted,
  findDecision,
  findOperation,
  insertOperation,
  lockClient,
  recordDecision,
} from '../../../src/server/rounds/operations-table.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { seededRandom } from '../../support/random.ts'
import { createTables, generating, WALLET, type Tables } from '../support/tables.ts'

const FOUND = 'server/trouble'

describe.each(chosenDatabases(FOUND))('what a row cannot hold up, on $name', ({ open }) => {
  let tables: Tables
  let database: Database
  beforeAll(async () => {
    database = await open()
    tables = await createTables(database, seededRandom())
  })
  afterAll(() => database.close())

  describe.each(['\ud800', '\udc00 phone', '\u0000'])('a label of %j, from before such text was refused', (label) => {
    const request: OperationRequest = { kind: 'generate', walletId: WALLET, label }

    test('lets its operation be decided either way', async () => {
      const [committed, aborted] = [tables.key(), tables.key()]
      for (const key of [committed, aborted]) await tables.begin(key, request)
      const { claim } = await leaseRound(tables.context, committed, 1, tables.hash('first'))
      await decideRound(tables.context, database, claim, 'COMMIT')
      expect(await findOperation(database, committed)).toMatchObject({ round: 1, request: null })
      expect(await abortOperation(tables.context, aborted)).toEqual({ decision: 'ABORT' })
      expect(await findOperation(database, aborted)).toMatchObject({ kind: 'generate', request: null })
    })

    test('lets sweeps end and forget it, and all others', async () => {
      const { context, errors } = tables
      const [hostile, decided, other] = [tables.key(), tables.key(), tables.key()]
      await tables.begin(hostile, request)
      await tables.begin(decided, request)
      await recordDecision(context, database, decided, 'ABORT')
      await tables.begin(other)
      tables.clock += context.limits.operationMs
      await sweep(context)
      for (const key of [hostile, other]) expect(await findDecision(database, key)).toBe('ABORT')
      tables.clock += context.limits.responseMs
      await sweep(context)
      for (const key of [hostile, decided, other]) expect(await findOperation(database, key)).toBeUndefined()
      expect(errors).toEqual([])
    })
  })

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

  test.each([
    'reshare_operations open',
    'not logged',
    'ban_logged',
    'revoker is not null',
    `state = 'RETIRING'`,
    'deletion_pending',
  ])('a step of a sweep that fails holds up no other: %s', async (text) => {
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
  })

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
    const paged = async (rows: Promise<Row[]>, sql: string) => {
      if (/delete/.test(sql)) pages.push((await rows).length)
      return rows
    }
    const seen = (inner: Queryable): Queryable => ({
      query: (sql, parameters) => paged(inner.query(sql, parameters), sql),
    })
    await sweep({
      ...context,
      database: {
        ...database,
        ...seen(database),
        transaction: (work, isolation) => database.transaction((tx) => work(seen(tx)), isolation),
      },
    })
    expect(pages.filter((rows) => rows > 0).sort((a, b) => a - b)).toEqual([3, 3, PAGE, PAGE])
    const left = `select (select count(*) from reshare_operations where client_id = 'old')::int as operations,
      (select count(*) from reshare_decisions where client_id = 'old')::int as decisions,
      (select count(*) from reshare_rates where kind = 'sign' and ends_at = $1)::int as rates`
    expect(await database.query(left, [over])).toEqual([{ operations: 0, decisions: 0, rates: 0 }])
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

  test('an operation that cannot be aborted holds up no part of a revocation, and a sweep comes back to it', async () => {
    const { context } = tables
    const [phone, tablet] = ['ab'.repeat(32), 'cd'.repeat(32)]
    const { clientId } = tables.key()
    const key = (device: string) => tables.key({ clientId, device })
    const active = { state: 'ACTIVE', committed_at: new Date(tables.clock), proven_at: new Date(tables.clock) }
    for (const device of [phone, tablet]) {
      await database.transaction((tx) => noteDevice(context, tx, key(device)))
      await tables.set(key(device), {}, active)
    }
    const setId = await tables.set(key(phone), {}, active)
    const unconfirmed = await tables.set(key(phone), { purpose: 'backup' }, { committed_at: new Date(tables.clock) })
    const operations = [key(phone), key(phone), key(phone)].sort((a, b) => (a.operationId < b.operationId ? -1 : 1))
    for (const one of operations) await tables.begin(one)
    const [, stuck] = operations
    const failure = new Error('this one never')
    const refusing = (tx: Queryable): Queryable => ({
      query: (sql, parameters) =>
        /into reshare_decisions/.test(sql) && parameters?.includes(stuck!.operationId) === true
          ? Promise.reject(failure)
          : tx.query(sql, parameters),
    })
    const failing: ServerContext = {
      ...context,
      database: {
        ...database,
        transaction: (work, isolation) => database.transaction((tx) => work(refusing(tx)), isolation),
      },
    }
    expect(await revokeDevice(failing, { clientId, device: tablet }, phone)).toMatchObject({ setIds: [] })
    expect(tables.errors.splice(0)).toEqual([leftForLater(stuck!.operationId, failure)])
    expect(await Promise.all([setId, unconfirmed].map(tables.state))).toEqual(['DESTROYED', 'DESTROYED'])
    const decisions = () => Promise.all(operations.map((one) => findDecision(database, one)))
    expect(await decisions()).toEqual(['ABORT', undefined, 'ABORT'])
    await sweep(failing)
    expect(tables.errors.splice(0)).toEqual([leftForLater(stuck!.operationId, failure)])
    await sweep(context)
    expect(await decisions()).toEqual(['ABORT', 'ABORT', 'ABORT'])
    const finished = 'select 1 from reshare_devices where client_id = $1 and revoker is null and device = $2'
    expect(await database.query(finished, [clientId, phone])).toHaveLength(1)
  })

  test('a server that cannot open the log sweeps, and changes the master key of, what needs none', async () => {
    const own = await open()
    const old = await createTables(own, seededRandom('another log'))
    const key = old.key()
    await old.begin(key)
    await old.begin(old.key())
    const told: unknown[] = []
    const masterKey = { current: { id: 7, key: new Uint8Array(32).fill(7) } }
    const now = () => old.clock + old.context.limits.operationMs
    const options = { database: own, masterKey, authenticate: () => undefined, now }
    const server = createServer({ ...options, onError: (error) => told.push(error) })
    await server.sweep()
    expect(await findDecision(own, key)).toBe('ABORT')
    expect(told.splice(0)).toEqual([expect.objectContaining({ code: 'SHARE_PARSING_FAILED' })])
    expect(await server.rotate()).toEqual({ resealed: 0, remaining: 1 })
    expect(told).toHaveLength(1)
    await own.close()
  })

  test('halves that the custodian never removes hold up none of the others', async () => {
    const { context } = tables
    const keys = Array.from({ length: 6 }, () => tables.key())
    const halves: string[] = []
    for (const key of keys) {
      const setId = await tables.set(key, { purpose: 'backup' })
      halves.push(setId)
      await recordCustodianShare(database, key, setId)
      await scheduleShareDeletion(database, key)
    }
    const stuck = new Set(halves.slice(0, 2))
    const asked: string[] = []
    const custodian: Custodian = {
      ...context.custodian!,
      async delete(_, setId) {
        if (halves.includes(setId)) asked.push(setId)
        if (stuck.has(setId)) throw new Error('no')
      },
    }
    await sweep({ ...context, custodian })
    expect(new Set(asked)).toEqual(new Set(halves))
    expect(tables.errors.splice(0)).toHaveLength(2)
    tables.clock += 1
    const down = { ...custodian, delete: () => Promise.reject(new Error('down')) }
    await sweep({ ...context, custodian: down })
    expect(tables.errors.splice(0)).toHaveLength(2)
    await sweep(context)
    expect(tables.errors).toEqual([])
  })

  test('a client is locked before an operation of it is added and counted', async () => {
    const said: string[] = []
    const spied = (tx: Queryable): Queryable => ({
      query: (sql, parameters) => {
        said.push(sql.trim().split(/\s+/).slice(0, 3).join(' '))
        return tx.query(sql, parameters)
      },
    })
    const context = {
      ...tables.context,
      database: {
        ...database,
        transaction: ((work, isolation) =>
          database.transaction((tx) => work(spied(tx)), isolation)) as Database['transaction'],
      },
    }
    const body = encodeRoundBody({ header: generating, messages: [] })
    await expect(handleRound(context, tables.key(), 1, body)).rejects.toThrow('lacks the messages')
    expect(said.slice(0, 3)).toEqual([
      'select pg_advisory_xact_lock(hashtextextended($1, 0))',
      'with others as',
      'insert into reshare_rates',
    ])
  })

  test('an operation begins, or is decided before it has: never both', async () => {
    const { context } = tables
    const [begun, decided] = [tables.key(), tables.key()]
    const begin = (key: typeof begun, inserted?: () => Promise<void>) =>
      database.transaction(async (tx) => {
        await lockClient(tx, key.clientId)
        const added = await insertOperation(context, tx, key, generating, tables.hash('first'))
        await inserted?.()
        return added
      }, 'read committed')
    let deciding: Promise<unknown> | undefined
    const beginning = begin(begun, async () => {
      // From here on whoever decides has to wait, however long it takes to get there; a while for who would not wait.
      deciding = decideUnstarted(context, begun, 'ABORT')
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    expect(await beginning).toBeDefined()
    await deciding
    expect(await findDecision(database, begun)).toBeUndefined()

    let looked = false
    const late = {
      ...context,
      database: {
        ...database,
        transaction: (async (work, isolation) => {
          // It is decided after the look at what has become of it.
          if (!looked) await decideUnstarted(context, decided, 'ABORT')
          looked = true
          return database.transaction(work, isolation)
        }) as Database['transaction'],
      },
    }
    const body = encodeRoundBody({ header: generating, messages: [] })
    await expect(handleRound(late, decided, 1, body)).rejects.toThrow('the operation is over')
    expect([await begin(decided), await findOperation(database, decided)]).toEqual([undefined, undefined])
  })
})
