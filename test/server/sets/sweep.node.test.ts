import { describe, expect, test } from 'vitest'
import { MpcError } from '../../../src/errors.ts'
import type { SqlValue } from '../../../src/service/database/types.ts'
import { recordAbort } from '../../../src/server/rounds/decisions.ts'
import { findOperation, recordDecision } from '../../../src/server/rounds/operations-table.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { notAuthorized } from '../../../src/service/not-authorized.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { storedPreprocessing } from '../support/set-rows.ts'
import { START, WALLET, type Tables } from '../support/tables.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'
import { insertResponse } from '../../../src/server/rounds/responses-table.ts'

let tables: Tables
fileTables((made) => (tables = made))

const preprocessing = (setId: string) => storedPreprocessing(tables, setId)

const when = (ms = 0) => new Date(START + ms)
const active = { state: 'ACTIVE', committed_at: when() }

describe('a sweep', () => {
  test('aborts what has expired, once and not before, and forgets it later; what makes sets or proves something stays decided', async () => {
    const { context, database, errors } = tables
    const [making, signing, ready, proving, decided] = [1, 2, 3, 4, 5].map(() => tables.key()) as [
      ...[CalledOperation, CalledOperation, CalledOperation, CalledOperation, CalledOperation],
    ]
    await tables.begin(making)
    const use = { walletId: WALLET, setId: 'ef'.repeat(32) }
    await tables.begin(signing, { kind: 'sign', scheme: 'ed25519', message: '', path: 'm', ...use })
    await tables.begin(ready, { kind: 'preprocess', ...use })
    await tables.begin(proving, { kind: 'prove', ...use })
    await tables.begin(decided)
    await recordDecision(context, database, decided, 'COMMIT')
    const prepared = await tables.set(making)
    const begun = tables.clock
    const { operationMs, responseMs } = context.limits
    tables.clock = begun + operationMs - 1
    await sweep(context)
    expect(await findDecision(database, making)).toBeUndefined()
    tables.clock = begun + operationMs
    await sweep(context)
    expect(await tables.state(prepared)).toBe('ABORTED')
    const decisions = () =>
      Promise.all([making, signing, ready, proving, decided].map((key) => findDecision(database, key)))
    expect(await decisions()).toEqual(['ABORT', 'ABORT', 'ABORT', 'ABORT', 'COMMIT'])
    const response = { round: 1, requestHash: tables.hash('first'), response: utf8('answer') }
    for (const key of [making, proving]) await insertResponse(context, database, { ...key, ...response })
    const answer = (key: CalledOperation) =>
      tables.row('select 1 from reshare_responses where client_id = $1', key.clientId)
    const late = tables.key()
    tables.clock = begun + operationMs + responseMs - 1
    await tables.begin(late)
    await insertResponse(context, database, { ...late, ...response })
    await sweep(context)
    expect(await answer(proving)).toBeDefined()
    expect(await findOperation(database, proving)).toBeDefined()
    expect(await decisions()).toEqual(['ABORT', 'ABORT', 'ABORT', 'ABORT', 'COMMIT'])
    tables.clock = begun + operationMs + responseMs
    await sweep(context)
    expect(await findOperation(database, proving)).toBeUndefined()
    expect(await Promise.all([making, proving].map(answer))).toEqual([undefined, undefined])
    expect(await answer(late)).toBeDefined()
    expect(await decisions()).toEqual(['ABORT', undefined, undefined, 'ABORT', 'COMMIT'])
    expect(errors).toEqual([])
    await expect(recordAbort(context, signing)).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await recordAbort(context, late)).toBe('ABORT')
  })

  test.each([
    ['one that is gone by now', notAuthorized(), false],
    ['a failure of another kind', new MpcError('STORAGE_CONFLICT', 'no'), true],
    ['a failure that only looks like it', Object.assign(new Error('no'), { code: 'AUTH_FAILED' }), true],
  ])('goes on after an operation that cannot be aborted: %s', async (_, failure, told) => {
    const { context, database, errors } = tables
    await sweep(context)
    const keys = [tables.key(), tables.key()]
    for (const key of keys) await tables.begin(key)
    tables.clock += context.limits.operationMs
    let calls = 0
    const transaction = ((...work: Parameters<typeof database.transaction>) =>
      calls++ === 0 ? Promise.reject(failure) : database.transaction(...work)) as typeof database.transaction
    await sweep({ ...context, database: { ...database, transaction } })
    expect(errors.splice(0)).toEqual(told ? [leftForLater('to abort operation', failure)] : [])
    const decisions = await Promise.all(keys.map((key) => findDecision(database, key)))
    expect(decisions.sort()).toEqual(['ABORT', undefined])
  })

  test('finds what has expired by an index of what may be undecided', async () => {
    const { context, database } = tables
    await database.query(
      `insert into reshare_operations (client_id, operation_id, kind, round, epoch, expires_at)
       select 'busy', n::text, 'sign', 1, 1, $1 from generate_series(1, 2000) n`,
      [new Date(tables.clock)],
    )
    await database.query('analyze reshare_operations')
    const plans: string[] = []
    const query = async (sql: string, parameters?: readonly SqlValue[]) => {
      if (/^\s*select client_id, operation_id from reshare_operations/.test(sql)) {
        const plan = await database.query(`explain ${sql}`, parameters)
        plans.push(plan.map((row) => row['QUERY PLAN']).join('\n'))
      }
      return database.query(sql, parameters)
    }
    await sweep({ ...context, database: { ...database, query } })
    expect(plans).toEqual([expect.stringContaining('reshare_operations_open')])
    await database.query(`delete from reshare_operations where client_id = 'busy'`)
  })

  test('forgets no operation before it is decided', async () => {
    const { context, database, errors } = tables
    await sweep(context)
    const key = tables.key()
    await tables.begin(key)
    const prepared = await tables.set(key)
    tables.clock += context.limits.operationMs + context.limits.responseMs
    const failure = new Error('out of order')
    await sweep({ ...context, audit: { ...context.audit, record: () => Promise.reject(failure) } })
    expect(errors.splice(0)).toEqual([leftForLater(key.operationId, failure)])
    expect(await findOperation(database, key)).toBeDefined()
    await sweep(context)
    expect(errors).toEqual([])
    expect(await tables.state(prepared)).toBe('ABORTED')
    expect(await findDecision(database, key)).toBe('ABORT')
    expect(await findOperation(database, key)).toBeUndefined()
  })

  test('asks the custodian, and forgets counts and preprocessings whose time is over', async () => {
    const { context, database } = tables
    const key = tables.key()
    const prepared = await tables.set(key, { purpose: 'backup' })
    await recordCustodianShare(database, key, prepared)
    await database.query('update reshare_custodian_records set deletion_pending = true where set_id = $1', [prepared])
    const spent = await preprocessing(await tables.set(key, {}, active))
    await database.query(
      `insert into reshare_rates (client_id, kind, subject, count, started_at, ends_at)
       values ($1, 'sign', '', 1, $2, $2)`,
      [key.clientId, new Date(tables.clock)],
    )
    tables.clock = START + 1e9
    await sweep(context)
    expect(tables.removed).toContain(prepared)
    expect(await spent()).toBe(false)
    expect(await tables.row('select 1 from reshare_rates where client_id = $1', key.clientId)).toBeUndefined()
  })
})
