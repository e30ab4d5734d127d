import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { createServer } from '../../../src/server/create-server.ts'
import { revokeDevice } from '../../../src/server/devices/revoke.ts'
import { recordCustodianShare, scheduleShareDeletion } from '../../../src/server/sets/custodian-shares.ts'
import type { Custodian } from '../../../src/custodian/types.ts'
import { encodeRoundBody } from '../../../src/wire/round-body.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { leaseRound, decideRound } from '../../../src/server/rounds/lease.ts'
import { abortOperation } from '../../../src/server/rounds/decisions.ts'
import { lockClient } from '../../../src/server/lock-client.ts'
import { handleRound } from '../../../src/server/rounds/handle-round.ts'
import {
  decideUnstarted,
  findOperation,
  insertOperation,
  recordDecision,
} from '../../../src/server/rounds/operations-table.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { seededRandom } from '../../support/random.ts'
import { createTables, generating, WALLET, type Tables } from '../support/tables.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'
import { recordDevice } from '../support/insert-rows.ts'

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
      const { context } = tables
      const requestHash = tables.hash('first')
      const { lease } = await leaseRound(context, committed, 1, requestHash)
      await decideRound({ context, lease, requestHash }, database, 'COMMIT')
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

  test('an operation that cannot be aborted holds up no part of a revocation, and a sweep comes back to it', async () => {
    const { context } = tables
    const [phone, tablet] = ['ab'.repeat(32), 'cd'.repeat(32)]
    const { clientId } = tables.key()
    const key = (device: string) => tables.key({ clientId, device })
    const active = { state: 'ACTIVE', committed_at: new Date(tables.clock), proven_at: new Date(tables.clock) }
    for (const device of [phone, tablet]) {
      await database.transaction((tx) => recordDevice(context, tx, key(device)))
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

  test('shares that the custodian never removes hold up none of the others', async () => {
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
    await expect(handleRound(context, tables.key(), { round: 1, body })).rejects.toThrow('lacks the messages')
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
        const added = await insertOperation(context, tx, {
          ...key,
          request: generating,
          requestHash: tables.hash('first'),
        })
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
    await expect(handleRound(late, decided, { round: 1, body })).rejects.toThrow('the operation is over')
    expect([await begin(decided), await findOperation(database, decided)]).toEqual([undefined, undefined])
  })
})
