import { beforeEach, describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { ProtocolError } from '../../../src/errors.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { authorizeOperation } from '../../../src/server/rounds/admission.ts'
import { countFailure } from '../../../src/server/rounds/rates.ts'
import { requireSource } from '../../../src/server/operations/source.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'
import { DEFAULT_RATES } from '../../../src/server/access/rate-limits.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { ACTIVE, failureCounts, failuresOf, LOCK_OUT, ofSet, withLimits } from '../support/rate-limits.ts'
import { exporting, requestsOf } from '../support/requests.ts'
import { generating, recovering, START, WALLET, type Tables } from '../support/tables.ts'
import { findRoundStatus } from '../../../src/server/rounds/round-status.ts'

let tables: Tables
fileTables((made) => (tables = made))
beforeEach(() => {
  tables.clock = START
})

const DEVICE = 'ab'.repeat(32)

describe('an operation is admitted', () => {
  const admit = async (
    key: CalledOperation,
    request: OperationRequest,
    context: ServerContext = withLimits(tables, {}),
    started = false,
  ) => {
    const setId = 'setId' in request ? request.setId : null
    const { source } = await findRoundStatus(context, { ...key, round: 1, requestHash: tables.hash('first'), setId })
    await authorizeOperation(context, key, request, { started, source })
  }

  test('not while its set or device is locked out, if it needs a proof; others are not concerned', async () => {
    const key = tables.key({ device: DEVICE })
    const setId = await tables.set({ ...key, device: null }, {}, ACTIVE)
    const [another, backup] = [
      await tables.set({ ...key, device: null }, {}, ACTIVE),
      await tables.set(key, { purpose: 'backup' }, ACTIVE),
    ]
    const context = withLimits(tables, { lockOut: { ...LOCK_OUT, failures: 1 } }, { authorizeExport: () => true })
    const { prove, sign } = requestsOf(setId)
    const counted = await tables.database.transaction((tx) => countFailure(context, tx, key, prove as never))
    const until = new Date(START + LOCK_OUT.lockedMs).toISOString()
    expect(counted).toEqual([
      { event: 'lockedOut', detail: `${until} ${DEVICE}` },
      { event: 'lockedOut', setId, detail: until },
    ])
    const unsealed = { ...key, device: null }
    for (const [caller, request] of [
      [key, prove],
      [key, requestsOf(another).prove],
      [key, recovering(backup)],
      [unsealed, prove],
    ] as const) {
      await expect(admit(caller, request, context)).rejects.toThrow(errorOf('RATE_LIMITED'))
    }
    const anotherDevice = { ...key, device: 'ef'.repeat(32) }
    for (const [caller, request] of [
      [key, sign],
      [anotherDevice, requestsOf(another).prove],
      [anotherDevice, recovering(backup)],
      [unsealed, requestsOf(another).export],
    ] as const) {
      await admit(caller, request, context)
    }
    await expect(admit(key, requestsOf('ef'.repeat(32)).prove, context)).rejects.toThrow(errorOf('AUTH_FAILED'))
  })

  test('without asking the hook about an export again that this request has begun', async () => {
    const key = tables.key()
    const request = exporting(await tables.set(key, {}, ACTIVE))
    let asked = 0
    const context = withLimits(tables, {}, { authorizeExport: () => ++asked > 0 })
    await admit(key, request, context)
    await admit(key, request, context, true)
    expect(asked).toBe(1)
  })

  test('for a wallet that is not there yet, or a set that can do it', async () => {
    const key = tables.key()
    await admit(key, generating)
    await tables.database.query('insert into reshare_wallets (wallet_id, client_id, created_at) values ($1, $2, $3)', [
      WALLET,
      key.clientId,
      new Date(START),
    ])
    await expect(admit(key, generating)).rejects.toMatchObject({ code: 'WALLET_EXISTS', retryable: false })
    await admit(tables.key(), generating)
    await admit(key, { ...generating, walletId: '1'.repeat(32) })
    await expect(admit(key, requestsOf('ef'.repeat(32)).sign)).rejects.toThrow(errorOf('AUTH_FAILED'))
  })

  test('with a set of the right purpose, wallet, state and device', async () => {
    const key = tables.key({ device: DEVICE })
    const { database } = tables
    const [signing, prepared] = [await tables.set(key, {}, ACTIVE), await tables.set(key)]
    const [backup, lost] = [
      await tables.set(key, { purpose: 'backup' }, ACTIVE),
      await tables.set(key, { purpose: 'backup' }, { state: 'DESTROYED' }),
    ]
    const source = (request: OperationRequest, caller = key) =>
      requireSource(tables.context, database, caller, request as never)
    const other = { ...key, device: 'cd'.repeat(32) }
    expect(await source(requestsOf(signing).sign)).toMatchObject({ setId: signing })
    await expect(source(requestsOf(signing).sign, other)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(source(requestsOf(prepared).sign)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await expect(source(requestsOf(backup).sign)).rejects.toThrow(errorOf('SET_MISMATCH'))
    expect(await source(recovering(backup), other)).toMatchObject({ setId: backup })
    await expect(source(recovering(signing))).rejects.toThrow(errorOf('SET_MISMATCH'))
    await expect(source(recovering(backup, { walletId: '1'.repeat(32) }))).rejects.toThrow(errorOf('SET_MISMATCH'))
    await expect(source({ ...requestsOf(signing).prove, walletId: '1'.repeat(32) })).rejects.toThrow(
      errorOf('SET_MISMATCH'),
    )
    await expect(source(recovering(lost))).rejects.toThrow(errorOf('BACKUP_SUPERSEDED'))
  })

  test('not again once the hook has denied its export, where denials count', async () => {
    const [key, other] = [tables.key(), tables.key()]
    const denies = { authorizeExport: () => false }
    const rates = { ...DEFAULT_RATES, export: null }
    for (const [caller, limits, decision] of [
      [key, { lockOut: LOCK_OUT, rates }, 'ABORT'],
      [tables.key(), { lockOut: null }, 'ABORT'],
      [other, { lockOut: null, rates }, undefined],
    ] as const) {
      const request = exporting(await tables.set(caller, {}, ACTIVE))
      await expect(admit(caller, request, withLimits(tables, limits, denies))).rejects.toThrow(errorOf('POLICY_DENIED'))
      expect(await findDecision(tables.database, caller)).toBe(decision)
    }
  })

  test('with a new setup in no poisoned one’s place, or with one for itself where the server allows it', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, ACTIVE)
    const caught = new Map([[setId, new ProtocolError('CHEAT_VOLE', 2, [1], 'caught')]])
    await admit(key, requestsOf(setId).setup)
    await expect(admit(key, requestsOf(setId).setup, withLimits(tables, {}, { caught }))).rejects.toThrow(
      errorOf('OT_POISONED'),
    )
    await admit(key, requestsOf(setId).sign, withLimits(tables, {}, { caught }))
    const signing = (source: 'setup' | 'ephemeralSetup'): OperationRequest => {
      const about = { walletId: WALLET, setId, message: 'abcd', path: 'm', hash: 'sha256' } as const
      return { kind: 'sign', scheme: 'ecdsa', ...about, source: { kind: source } }
    }
    await admit(key, signing('setup'))
    await expect(admit(key, signing('ephemeralSetup'))).rejects.toThrow(errorOf('POLICY_DENIED'))
    await admit(key, signing('ephemeralSetup'), withLimits(tables, {}, { onCheating: 'ephemeralSetup' }))
  })

  test('after the policy has allowed it', async () => {
    const key = tables.key({ device: DEVICE })
    const asked: unknown[] = []
    const policy = (request: unknown) => asked.push(request) < 0
    await expect(admit(key, generating, withLimits(tables, {}, { policy }))).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(asked).toEqual([
      { clientId: key.clientId, deviceId: DEVICE, action: 'generate', walletId: WALLET, label: 'phone' },
    ])
  })

  test('for an export after its hook has allowed it, which counts as a failure until then', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, ACTIVE)
    const counts: unknown[] = []
    const asked: unknown[] = []
    const hook = (answer: () => unknown) =>
      withLimits(
        tables,
        {},
        {
          authorizeExport: (async (request: unknown) => {
            asked.push(request)
            counts.push(await failuresOf(tables, ofSet(key.clientId, setId)))
            return answer()
          }) as ServerContext['authorizeExport'],
        },
      )
    await admit(
      key,
      exporting(setId),
      hook(() => true),
    )
    expect(asked).toEqual([
      { clientId: key.clientId, walletId: WALLET, setId, curve: 'ed25519', authorization: '123456' },
    ])
    expect(await failureCounts(tables, key.clientId)).toEqual({ '': 0, [`set ${setId}`]: 0 })
    for (const answer of [false, 1, undefined]) {
      await expect(
        admit(
          key,
          exporting(setId),
          hook(() => answer),
        ),
      ).rejects.toThrow(errorOf('POLICY_DENIED'))
    }
    expect(counts).toEqual([1, 1, 2, 3])
    const down = hook(() => {
      throw new Error('down')
    })
    await expect(admit(key, exporting(setId), down)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(tables.errors.splice(0)).toHaveLength(1)
    expect(await failureCounts(tables, key.clientId)).toEqual({ '': 4, [`set ${setId}`]: 4 })
    await expect(admit(key, exporting(setId))).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(tables.errors).toEqual([])
    expect(await failureCounts(tables, key.clientId)).toEqual({ '': 4, [`set ${setId}`]: 4 })
    const before = asked.length
    const yes = hook(() => true)
    const full = { ...yes, limits: { ...yes.limits, lockOut: null } }
    await expect(admit(key, exporting(setId), full)).rejects.toThrow(errorOf('RATE_LIMITED'))
    expect(asked).toHaveLength(before)
  })
})
