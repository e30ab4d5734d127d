import { describe, expect, test } from 'vitest'
import { BadRequest } from '../../../src/service/http.ts'
import type { ExportRequest } from '../../../src/wire/operations.ts'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { answerRound, leaseRound, resetRound, releaseRound, type Lease } from '../../../src/server/rounds/lease.ts'
import { abortFor, abortOpen, abortOperation } from '../../../src/server/rounds/decisions.ts'
import {
  decideUnstarted,
  findDecision,
  findOperation,
  findOutcome,
  insertAnswer,
  recordDecision,
  requireBegunBy,
  type CalledOperation,
  type OperationRow,
} from '../../../src/server/rounds/operations-table.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { generating, WALLET, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const DEVICE = 'ab'.repeat(32)

const completeRound = (database: Tables['database'], claim: Lease, state: Uint8Array | null) =>
  answerRound(tables.context, database, claim, state, tables.hash('first'), utf8('answer'))

describe('a claim of a round', () => {
  const claim = (key: ReturnType<Tables['key']>, round = 1, request = 'first') =>
    leaseRound(tables.context, key, round, tables.hash(request))

  test('belongs to one process until its time is over, then to the next', async () => {
    const key = tables.key()
    await tables.begin(key)
    const first = await claim(key)
    await expect(claim(key)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    tables.clock += tables.context.limits.roundMs - 1
    await expect(claim(key)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    tables.clock += 1
    const second = await claim(key)
    const { database } = tables
    await expect(completeRound(database, first.claim, utf8('stale'))).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await completeRound(database, second.claim, utf8('state'))
    expect(await findOperation(database, key)).toMatchObject({
      round: 1,
      state: utf8('state'),
      leaseHash: null,
      leaseExpiresAt: null,
    })
    await expect(completeRound(database, second.claim, null)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
  })

  test('is for one request, also after it was released or its time is over', async () => {
    const key = tables.key()
    await tables.begin(key)
    await expect(claim(key, 1, 'other')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    const first = await claim(key)
    await releaseRound(tables.database, { ...first.claim, token: new Uint8Array(16) })
    await expect(claim(key)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await releaseRound(tables.database, first.claim)
    await expect(claim(key, 1, 'other')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    const again = await claim(key)
    expect(again.claim.token).not.toEqual(first.claim.token)
    expect(again.operation).toMatchObject({ round: 0, request: generating })
  })

  test('is of the next round only', async () => {
    const key = tables.key()
    await tables.begin(key)
    await expect(claim(key, 2)).rejects.toThrow(BadRequest)
    await completeRound(tables.database, (await claim(key)).claim, utf8('state'))
    await expect(claim(key, 1)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await expect(claim(key, 3)).rejects.toThrow(BadRequest)
    expect((await claim(key, 2, 'second')).claim).toMatchObject({ ...key, round: 2 })
  })

  test('is for the device that has begun the operation', async () => {
    const key = tables.key({ device: DEVICE })
    await expect(claim(key)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await tables.begin(key)
    await expect(claim({ ...key, device: 'cd'.repeat(32) })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(claim({ ...key, device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(claim({ ...key, clientId: 'another' })).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect((await claim(key)).operation.device).toBe(DEVICE)
  })

  test('of a first request that no session has played is forgotten with the operation', async () => {
    const key = tables.key()
    await tables.begin(key)
    const { claim: first } = await claim(key)
    await resetRound(tables.database, { ...first, token: new Uint8Array(16) })
    expect(await findOperation(tables.database, key)).toBeDefined()
    await resetRound(tables.database, first)
    expect(await findOperation(tables.database, key)).toBeUndefined()
  })

  test('of a later one is forgotten without it, and another request may come', async () => {
    const key = tables.key()
    await tables.begin(key)
    await completeRound(tables.database, (await claim(key)).claim, utf8('state'))
    const { claim: second } = await claim(key, 2, 'malformed')
    await expect(claim(key, 2, 'better')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    await resetRound(tables.database, second)
    const { operation } = await claim(key, 2, 'better')
    expect(operation).toMatchObject({ round: 1, state: utf8('state'), leaseHash: tables.hash('better').bytes })
  })
})

describe('an operation', () => {
  test('is added once, with all that its rounds need', async () => {
    const key = tables.key({ device: DEVICE })
    expect(await tables.begin(key)).toBe(true)
    expect(await tables.begin(key, { ...generating, label: 'other' } as typeof generating)).toBe(false)
    expect(await findOperation(tables.database, key)).toEqual({
      device: DEVICE,
      kind: 'generate',
      request: generating,
      round: 0,
      state: null,
      epoch: expect.any(Number) as number,
      expiresAt: new Date(tables.clock + tables.context.limits.operationMs),
      leaseHash: tables.hash('first').bytes,
      leaseExpiresAt: null,
    })
    expect(await findOperation(tables.database, { ...key, clientId: 'another' })).toBeUndefined()
  })

  test('is known by the set that it uses, and forgets the authorisation of an export', async () => {
    const key = tables.key()
    const request: ExportRequest = {
      kind: 'export',
      walletId: WALLET,
      setId: 'ef'.repeat(32),
      curve: 'ed25519',
      authorization: '123456',
      receiver: '',
    }
    await tables.begin(key, request)
    const row = await tables.row('select set_id, request from reshare_operations where client_id = $1', key.clientId)
    expect(row?.['set_id']).toBe(request.setId)
    expect(JSON.parse(row?.['request'] as string)).toEqual({ ...request, authorization: '' })
    const other = tables.key()
    await tables.begin(other, { kind: 'prove', walletId: WALLET, setId: request.setId })
    expect((await findOperation(tables.database, other))?.request).toEqual({
      kind: 'prove',
      walletId: WALLET,
      setId: request.setId,
    })
  })

  test('has one decision', async () => {
    const { context, database } = tables
    const key = tables.key({ device: DEVICE })
    await tables.begin(key)
    expect(await findDecision(database, key)).toBeUndefined()
    expect(await recordDecision(context, database, key, 'COMMIT')).toBe('COMMIT')
    expect(await recordDecision(context, database, key, 'ABORT')).toBe('COMMIT')
    expect(await findDecision(database, key)).toBe('COMMIT')
    // Swept away between the two statements.
    const gone = { query: () => Promise.resolve([]) }
    await expect(recordDecision(context, gone, key, 'ABORT')).rejects.toThrow(errorOf('AUTH_FAILED'))
    const row = await tables.row('select * from reshare_decisions where client_id = $1', key.clientId)
    expect(row).toMatchObject({ device: DEVICE, decided_at: new Date(tables.clock) })
  })

  test('gives the answer of a round to the same request of the same device, and nothing to others', async () => {
    const { context, database } = tables
    const key = tables.key({ device: DEVICE })
    const look = (changes = {}, round = 1, request = 'first') =>
      findOutcome(context, database, { ...key, ...changes }, round, tables.hash(request))
    expect(await look()).toEqual({ begun: false, decided: false })
    await tables.begin(key)
    expect(await look()).toEqual({ begun: true, decided: false })
    await insertAnswer(context, database, key, 1, tables.hash('first'), utf8('answer'))
    expect(await look()).toMatchObject({ answer: utf8('answer'), decided: false })
    expect(await look({}, 2, 'second')).toEqual({ begun: false, decided: false })
    await expect(look({}, 1, 'other')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    await expect(look({ device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await look({ clientId: 'another' })).toEqual({ begun: false, decided: false })
    await recordDecision(context, database, key, 'ABORT')
    expect(await look()).toMatchObject({ answer: utf8('answer'), decided: true })
    await database.query('delete from reshare_operations where client_id = $1', [key.clientId])
    await expect(look({ device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await database.query('update reshare_responses set round = 2 where client_id = $1', [key.clientId])
    await expect(look({}, 2)).rejects.toThrow(errorOf('SHARE_PARSING_FAILED'))
  })

  test('is begun by one device, also when only its decision is left', async () => {
    const { context, database } = tables
    const key = tables.key({ device: DEVICE })
    await requireBegunBy(database, { ...key, device: null })
    await tables.begin(key)
    await requireBegunBy(database, key)
    await expect(requireBegunBy(database, { ...key, device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await recordDecision(context, database, key, 'ABORT')
    await database.query('delete from reshare_operations where client_id = $1', [key.clientId])
    await requireBegunBy(database, key)
    await expect(requireBegunBy(database, { ...key, device: 'cd'.repeat(32) })).rejects.toThrow(errorOf('AUTH_FAILED'))
  })
})

test('an operation that has not begun is decided once, and one that has goes on', async () => {
  const { context, database } = tables
  const [key, begun] = [tables.key({ device: 'ab'.repeat(32) }), tables.key()]
  await decideUnstarted(context, key, 'ABORT')
  await decideUnstarted(context, key, 'COMMIT')
  expect(await tables.row('select decision, device from reshare_decisions where client_id = $1', key.clientId)).toEqual(
    {
      decision: 'ABORT',
      device: 'ab'.repeat(32),
    },
  )
  expect(await tables.begin(key)).toBe(false)
  await tables.begin(begun)
  await decideUnstarted(context, begun, 'ABORT')
  expect(await findDecision(database, begun)).toBeUndefined()
})

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
    expect(errors).toEqual([leftForLater(prepared, failure)])
    expect(await half(prepared)).toEqual({ deletion_pending: true })
    await sweep(context)
    expect(tables.removed).toContain(prepared)
    expect(errors).toHaveLength(1)
  })
})

// Last: every operation from before is over.
test('a claim is of the present epoch', async () => {
  const key = tables.key()
  await tables.begin(key)
  const before = (await findOperation(tables.database, key))?.epoch as number
  expect(await bumpEpoch(tables.database)).toBe(before + 1)
  const claiming = leaseRound(tables.context, key, 1, tables.hash('first'))
  await expect(claiming).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
})
