import { describe, expect, test } from 'vitest'
import { abortFor, abortOpen, abortOperation } from '../../../src/server/rounds/decisions.ts'
import { findOperation, recordDecision, type OperationRow } from '../../../src/server/rounds/operations-table.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { WALLET, type Tables } from '../support/tables.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'

let tables: Tables
fileTables((made) => (tables = made))

const DEVICE = 'ab'.repeat(32)

describe('an abort', () => {
  const half = (setId: string) =>
    tables.row('select deletion_pending from reshare_custodian_records where set_id = $1', setId)
  const hasPair = async (setId: string) =>
    (await tables.row('select 1 from reshare_ot_states where set_id = $1', setId)) !== undefined

  test('destroys what the operation has prepared, and nothing else', async () => {
    const { context, database } = tables
    const key = tables.key()
    const sibling = tables.key({ clientId: key.clientId })
    await tables.begin(key)
    const prepared = await tables.set(key, { purpose: 'backup' })
    const active = await tables.set(key, {}, { state: 'ACTIVE' })
    const other = await tables.set(sibling)
    for (const [owner, setId] of [
      [key, prepared],
      [sibling, other],
    ] as const)
      await recordCustodianShare(database, owner, setId)
    await database.query(`update reshare_operations set state = 'sealed' where client_id = $1`, [key.clientId])

    expect(await abortOperation(context, key)).toEqual({ decision: 'ABORT' })
    expect(await Promise.all([prepared, active, other].map(tables.state))).toEqual(['ABORTED', 'ACTIVE', 'PREPARED'])
    expect(await Promise.all([prepared, active, other].map(tables.hasShare))).toEqual([false, true, true])
    expect(await Promise.all([prepared, active, other].map(hasPair))).toEqual([false, true, true])
    const { state, request, kind } = (await findOperation(database, key)) as OperationRow
    expect([state, request, kind]).toEqual([null, null, 'generate'])
    expect(tables.removed.filter((setId) => setId === prepared || setId === other)).toEqual([prepared])
    expect(await half(prepared)).toBeUndefined()
    expect(await half(other)).toEqual({ deletion_pending: false })
    const logged = [`aborted ${WALLET} ${prepared} ${key.operationId}`]
    expect(await tables.log(key.clientId)).toEqual(logged)
    expect(await abortOperation(context, key)).toEqual({ decision: 'ABORT' })
    expect(await tables.log(key.clientId)).toEqual(logged)
  })

  test('of what no session has played yet forgets the request, and writes nothing when it is repeated', async () => {
    const { context, database } = tables
    const key = tables.key()
    await tables.begin(key)
    await abortOperation(context, key)
    expect(await findOperation(database, key)).toMatchObject({ request: null, kind: 'generate' })
    const version = () => tables.row('select ctid::text from reshare_operations where client_id = $1', key.clientId)
    const before = await version()
    await abortOperation(context, key)
    expect(await version()).toEqual(before)
  })

  test('is in the log after what was done besides', async () => {
    const key = tables.key()
    await tables.begin(key)
    const prepared = await tables.set(key)
    const besides = () => Promise.resolve([{ event: 'unlocked', detail: 'besides' } as const])
    await abortOperation(tables.context, key, besides)
    expect(await tables.log(key.clientId)).toEqual([
      'unlocked besides',
      `aborted ${WALLET} ${prepared} ${key.operationId}`,
    ])
  })

  test('that comes after the decision to commit changes nothing', async () => {
    const { context, database } = tables
    const key = tables.key()
    await tables.begin(key)
    const unconfirmed = await tables.set(key, { purpose: 'backup' }, { committed_at: new Date(tables.clock) })
    await recordCustodianShare(database, key, unconfirmed)
    await recordDecision(context, database, key, 'COMMIT')
    await database.query(`update reshare_operations set state = 'sealed' where client_id = $1`, [key.clientId])
    expect(await abortOperation(context, key)).toEqual({ decision: 'COMMIT' })
    expect(await tables.state(unconfirmed)).toBe('PREPARED')
    expect(await tables.hasShare(unconfirmed)).toBe(true)
    expect((await findOperation(database, key))?.state).toEqual(utf8('sealed'))
    expect(await half(unconfirmed)).toEqual({ deletion_pending: false })
  })

  test.each(['device', 'set_id'] as const)('of all open operations of one %s ends no other', async (column) => {
    const { context, database } = tables
    const setId = 'ef'.repeat(32)
    const key = tables.key({ device: DEVICE })
    const { clientId } = key
    const of = (changes: Partial<CalledOperation> = {}) => tables.key({ clientId, device: DEVICE, ...changes })
    const [also, committed, other] = [of(), of(), of({ device: 'cd'.repeat(32) })]
    const all = [key, also, committed, other, tables.key({ device: DEVICE })]
    for (const one of all) await tables.begin(one, { kind: 'prove', walletId: WALLET, setId })
    await database.query(`update reshare_operations set state = 'sealed' where set_id = $1`, [setId])
    await database.query(`update reshare_operations set set_id = 'another' where operation_id = $1`, [
      other.operationId,
    ])
    await recordDecision(context, database, committed, 'COMMIT')
    await abortOpen(context, clientId, column, column === 'device' ? DEVICE : setId)
    const decisions = await Promise.all(all.map((one) => findDecision(database, one)))
    expect(decisions).toEqual(['ABORT', 'ABORT', 'COMMIT', undefined, undefined])
    const states = await Promise.all(all.map((one) => findOperation(database, one)))
    expect(states.map((row) => row?.state === null)).toEqual([true, true, false, false, false])
    expect(states.map((row) => row?.request === null)).toEqual([true, true, false, false, false])
  })

  test('is for operations that there are, or of which the decision is left', async () => {
    const { context, database } = tables
    const key = tables.key()
    await expect(abortOperation(context, key)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await recordDecision(context, database, key, 'COMMIT')
    expect(await abortOperation(context, key)).toEqual({ decision: 'COMMIT' })
  })

  test('is for the device that has begun the operation, unless it is revoked', async () => {
    const { context, database } = tables
    const key = tables.key({ device: DEVICE })
    await tables.begin(key)
    await expect(abortFor(context, { ...key, device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    const insert =
      'insert into reshare_devices (client_id, device, created_at, last_used_at, revoked_at) values ($1, $2, $3, $3, $3)'
    await database.query(insert, [key.clientId, DEVICE, new Date(tables.clock)])
    await expect(abortFor(context, key)).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    expect(await findDecision(database, key)).toBeUndefined()
    await database.query('update reshare_devices set revoked_at = null where client_id = $1', [key.clientId])
    expect(await abortFor(context, key)).toEqual({ decision: 'ABORT' })
  })

  test('is one transaction with what is written besides', async () => {
    const key = tables.key()
    await tables.begin(key)
    const failing = () => Promise.reject(new Error('no'))
    await expect(abortOperation(tables.context, key, failing)).rejects.toThrow('no')
    expect(await findDecision(tables.database, key)).toBeUndefined()
  })

  test('stands though the custodian cannot be asked, and the sweep asks again', async () => {
    const { context, database, errors } = tables
    const key = tables.key()
    await tables.begin(key)
    const prepared = await tables.set(key, { purpose: 'backup' })
    await recordCustodianShare(database, key, prepared)
    const failure = new Error('out of order')
    const custodian = { ...context.custodian!, delete: () => Promise.reject(failure) }
    expect(await abortOperation({ ...context, custodian }, key)).toEqual({ decision: 'ABORT' })
    expect(errors.splice(0)).toEqual([leftForLater(prepared, failure)])
    expect(await half(prepared)).toEqual({ deletion_pending: true })
    await sweep(context)
    expect(tables.removed).toContain(prepared)
    expect(errors).toEqual([])
  })
})
