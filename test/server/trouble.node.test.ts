import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../src/api/operations.ts'
import { encodeFlight } from '../../src/api/flight.ts'
import type { Database, Queryable } from '../../src/server/database/types.ts'
import { claimRound, completeRound } from '../../src/server/operations/claim.ts'
import { abortOperation } from '../../src/server/operations/decide.ts'
import { playRound } from '../../src/server/operations/play-round.ts'
import {
  decideUnbegun,
  findDecision,
  findOperation,
  insertOperation,
  lockClient,
  recordDecision,
} from '../../src/server/operations/rows.ts'
import { sweep } from '../../src/server/sweep.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { createTables, generating, WALLET, type Tables } from './support/tables.ts'

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
      const { claim } = await claimRound(tables.context, committed, 1, tables.hash('first'))
      await completeRound(database, claim, null)
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
      tables.clock += context.limits.answerMs
      await sweep(context)
      for (const key of [hostile, decided, other]) expect(await findOperation(database, key)).toBeUndefined()
      expect(errors).toEqual([])
    })
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
    const body = encodeFlight({ header: generating, parcels: [] })
    await expect(playRound(context, tables.key(), 1, body)).rejects.toThrow('lacks the messages')
    expect(said.slice(0, 4)).toEqual([
      'select pg_advisory_xact_lock(hashtextextended($1, 0))',
      'insert into reshare_operations',
      'select count(*)::int as',
      'insert into reshare_rates',
    ])
  })

  test('an operation begins, or is decided before it has: never both', async () => {
    const { context } = tables
    const [begun, decided] = [tables.key(), tables.key()]
    const soon = () => new Promise((resolve) => setTimeout(resolve, 50))
    const begin = (key: typeof begun) =>
      database.transaction(async (tx) => {
        await lockClient(tx, key.clientId)
        const added = await insertOperation(context, tx, key, generating, tables.hash('first'))
        await soon()
        return added
      }, 'read committed')
    const beginning = begin(begun)
    await soon()
    await decideUnbegun(context, begun, 'ABORT')
    expect([await beginning, await findDecision(database, begun)]).toEqual([true, undefined])

    let looked = false
    const late = {
      ...context,
      database: {
        ...database,
        transaction: (async (work, isolation) => {
          // It is decided after the look at what has become of it.
          if (!looked) await decideUnbegun(context, decided, 'ABORT')
          looked = true
          return database.transaction(work, isolation)
        }) as Database['transaction'],
      },
    }
    const body = encodeFlight({ header: generating, parcels: [] })
    await expect(playRound(late, decided, 1, body)).rejects.toThrow('the operation is over')
    expect([await begin(decided), await findOperation(database, decided)]).toEqual([false, undefined])
  })
})
