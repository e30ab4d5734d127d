import { describe, expect, test, vi } from 'vitest'
import { BadRequest } from '../../../src/service/http.ts'
import type { ExportRequest } from '../../../src/wire/operations.ts'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { finishRound, leaseRound, resetRound, releaseRound, type Lease } from '../../../src/server/rounds/lease.ts'
import {
  decideUnstarted,
  findOperation,
  recordDecision,
  requireTakesPart,
} from '../../../src/server/rounds/operations-table.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { generating, WALLET, type Tables } from '../support/tables.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'
import { findRoundStatus } from '../../../src/server/rounds/round-status.ts'
import { insertResponse } from '../../../src/server/rounds/responses-table.ts'

let tables: Tables
fileTables((made) => (tables = made))

const DEVICE = 'ab'.repeat(32)

const completeRound = (database: Tables['database'], lease: Lease, state: Uint8Array | null) =>
  finishRound({ context: tables.context, lease, requestHash: tables.hash('first') }, database, {
    state,
    response: utf8('answer'),
  })

describe('a claim of a round', () => {
  const lease = (key: ReturnType<Tables['key']>, round = 1, request = 'first') =>
    leaseRound(tables.context, key, round, tables.hash(request))

  test('belongs to one process until its time is over, then to the next', async () => {
    const key = tables.key()
    await tables.begin(key)
    const first = await lease(key)
    await expect(lease(key)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    tables.clock += tables.context.limits.roundMs - 1
    await expect(lease(key)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    tables.clock += 1
    const second = await lease(key)
    const { database } = tables
    await expect(completeRound(database, first.lease, utf8('stale'))).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await completeRound(database, second.lease, utf8('state'))
    expect(await findOperation(database, key)).toMatchObject({
      round: 1,
      state: utf8('state'),
      leaseHash: null,
      leaseExpiresAt: null,
    })
    await expect(completeRound(database, second.lease, null)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
  })

  test('is for one request, also after it was released or its time is over', async () => {
    const key = tables.key()
    await tables.begin(key)
    await expect(lease(key, 1, 'other')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    const first = await lease(key)
    await releaseRound(tables.database, { ...first.lease, token: new Uint8Array(16) })
    await expect(lease(key)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await releaseRound(tables.database, first.lease)
    await expect(lease(key, 1, 'other')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    const again = await lease(key)
    expect(again.lease.token).not.toEqual(first.lease.token)
    expect(again.operation).toMatchObject({ round: 0, request: generating })
  })

  test('is of the next round only', async () => {
    const key = tables.key()
    await tables.begin(key)
    await expect(lease(key, 2)).rejects.toThrow(BadRequest)
    await completeRound(tables.database, (await lease(key)).lease, utf8('state'))
    await expect(lease(key, 1)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await expect(lease(key, 3)).rejects.toThrow(BadRequest)
    expect((await lease(key, 2, 'second')).lease).toMatchObject({ ...key, round: 2 })
  })

  test('is for the device that has begun the operation', async () => {
    const key = tables.key({ device: DEVICE })
    await expect(lease(key)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await tables.begin(key)
    await expect(lease({ ...key, device: 'cd'.repeat(32) })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(lease({ ...key, device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(lease({ ...key, clientId: 'another' })).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect((await lease(key)).operation.device).toBe(DEVICE)
  })

  test.each<[string, (first: Lease) => unknown]>([
    ['is let go', (first) => releaseRound(tables.database, first)],
    ['has run out', () => (tables.clock += tables.context.limits.roundMs)],
    ['is reset', (first) => resetRound(tables.database, first)],
  ])('is taken too where it %s after the first look at it', async (_, free) => {
    const key = tables.key()
    await tables.begin(key)
    await completeRound(tables.database, (await lease(key)).lease, utf8('state'))
    const { lease: first } = await lease(key, 2, 'second')
    const transaction: Tables['database']['transaction'] = async (work, isolation) => {
      await free(first)
      return tables.database.transaction(work, isolation)
    }
    const context = { ...tables.context, database: { ...tables.database, transaction } }
    const { lease: second, operation } = await leaseRound(context, key, 2, tables.hash('second'))
    expect([second, operation.round]).toEqual([{ ...key, round: 2, token: expect.any(Uint8Array) as Uint8Array }, 1])
    expect(second.token).not.toEqual(first.token)
    expect(await findOperation(tables.database, key)).toMatchObject({
      leaseHash: tables.hash('second').bytes,
      leaseExpiresAt: new Date(tables.clock + tables.context.limits.roundMs),
    })
    await expect(lease(key, 2, 'second')).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await expect(completeRound(tables.database, first, null)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await completeRound(tables.database, second, null)
  })

  test('of a first request that no session has played is forgotten with the operation', async () => {
    const key = tables.key()
    await tables.begin(key)
    const { lease: first } = await lease(key)
    await resetRound(tables.database, { ...first, token: new Uint8Array(16) })
    expect(await findOperation(tables.database, key)).toBeDefined()
    await resetRound(tables.database, first)
    expect(await findOperation(tables.database, key)).toBeUndefined()
  })

  test('of a later one is forgotten without it, and another request may come', async () => {
    const key = tables.key()
    await tables.begin(key)
    await completeRound(tables.database, (await lease(key)).lease, utf8('state'))
    const { lease: second } = await lease(key, 2, 'malformed')
    await expect(lease(key, 2, 'better')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    await resetRound(tables.database, second)
    const { operation } = await lease(key, 2, 'better')
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
      joiningDevice: null,
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

  test('is not added of a device that was revoked, whichever others were', async () => {
    const key = tables.key({ device: DEVICE })
    const { clientId } = key
    const add = (owner: string, device: string, revokedAt: Date | null) =>
      tables.database.query('insert into reshare_devices values ($1, $2, $3, $3, $4)', [
        ...[owner, device, new Date(tables.clock), revokedAt],
      ])
    await add(clientId, 'cd'.repeat(32), new Date(tables.clock))
    await add(tables.key().clientId, DEVICE, new Date(tables.clock))
    expect(await tables.begin(key)).toBe(true)
    await add(clientId, DEVICE, null)
    expect(await tables.begin(tables.key({ ...key, operationId: '1'.repeat(32) }))).toBe(true)
    await tables.database.query('update reshare_devices set revoked_at = now() where device = $1', [DEVICE])
    expect(await tables.begin(tables.key({ ...key, operationId: '2'.repeat(32) }))).toBe(false)
    expect(await tables.begin(tables.key({ clientId, device: null }))).toBe(true)
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
      findRoundStatus(context, { ...key, ...changes, round, requestHash: tables.hash(request) })
    expect(await look()).toMatchObject({ started: false, decided: false })
    await tables.begin(key)
    expect(await look()).toMatchObject({ started: true, decided: false })
    await insertResponse(context, database, {
      ...key,
      round: 1,
      requestHash: tables.hash('first'),
      response: utf8('answer'),
    })
    expect(await look()).toMatchObject({ response: utf8('answer'), decided: false })
    expect(await look({}, 2, 'second')).toMatchObject({ started: false, decided: false })
    await expect(look({}, 1, 'other')).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    await expect(look({ device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await look({ clientId: 'another' })).toMatchObject({ started: false, decided: false })
    await recordDecision(context, database, key, 'ABORT')
    expect(await look()).toMatchObject({ response: utf8('answer'), decided: true })
    await database.query('delete from reshare_operations where client_id = $1', [key.clientId])
    await expect(look({ device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await database.query('update reshare_responses set round = 2 where client_id = $1', [key.clientId])
    await expect(look({}, 2)).rejects.toThrow(errorOf('SHARE_PARSING_FAILED'))
  })

  test('is begun by one device, also when only its decision is left', async () => {
    const { context, database } = tables
    const key = tables.key({ device: DEVICE })
    await requireTakesPart(database, { ...key, device: null })
    await tables.begin(key)
    await requireTakesPart(database, key)
    await expect(requireTakesPart(database, { ...key, device: null })).rejects.toThrow(errorOf('AUTH_FAILED'))
    await recordDecision(context, database, key, 'ABORT')
    await database.query('delete from reshare_operations where client_id = $1', [key.clientId])
    await requireTakesPart(database, key)
    await expect(requireTakesPart(database, { ...key, device: 'cd'.repeat(32) })).rejects.toThrow(
      errorOf('AUTH_FAILED'),
    )
  })
})

test('an operation that has not begun is decided once, and one that has goes on', async () => {
  const { context, database } = tables
  const [key, started] = [tables.key({ device: 'ab'.repeat(32) }), tables.key()]
  await decideUnstarted(context, key, 'ABORT')
  await decideUnstarted(context, key, 'COMMIT')
  expect(await tables.row('select decision, device from reshare_decisions where client_id = $1', key.clientId)).toEqual(
    {
      decision: 'ABORT',
      device: 'ab'.repeat(32),
    },
  )
  expect(await tables.begin(key)).toBe(false)
  await tables.begin(started)
  await decideUnstarted(context, started, 'ABORT')
  expect(await findDecision(database, started)).toBeUndefined()
})

test('the epoch of what is no database is not raised, nor is anything else done to it', async () => {
  const { query, migrate } = { query: vi.fn(), migrate: vi.fn() }
  await expect(bumpEpoch({ query, migrate } as never)).rejects.toThrow(TypeError)
  expect([query, migrate].flatMap(({ mock }) => mock.calls)).toEqual([])
})

// Last: every operation from before is over.
test('a lease is of the present epoch', async () => {
  const key = tables.key()
  await tables.begin(key)
  const before = (await findOperation(tables.database, key))?.epoch as number
  expect(await bumpEpoch(tables.database)).toBe(before + 1)
  const claiming = leaseRound(tables.context, key, 1, tables.hash('first'))
  await expect(claiming).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
})
