import { describe, expect, test } from 'vitest'
import { MpcError } from '../../../src/errors.ts'
import type { Policy } from '../../../src/server/access/policy.ts'
import { confirmBackup, retireSet } from '../../../src/server/sets/actions.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { assertBackupStored, assertRecoverable } from '../../../src/server/sets/recoverability.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { START, WALLET, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const when = (ms = 0) => new Date(START + ms)
const active = { state: 'ACTIVE', committed_at: when() }
const DEVICE = 'ab'.repeat(32)

describe('who may end or confirm a set', () => {
  test('a set is retired when another is known to work, by its own device or by one that can sign', async () => {
    const { context } = tables
    const key = tables.key({ device: DEVICE })
    const setId = await tables.set(key, {}, active)
    await expect(retireSet(context, key, setId)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(await tables.state(setId)).toBe('ACTIVE')
    const laptop = { ...key, device: 'cd'.repeat(32) }
    await expect(retireSet(context, laptop, setId)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await tables.set(laptop, {}, { ...active, proven_at: when() })
    expect(await retireSet(context, laptop, setId)).toMatchObject({ state: 'DESTROYED' })
    expect(await tables.hasShare(setId)).toBe(false)
    const logged = [`retiring ${WALLET} ${setId}`, `destroyed ${WALLET} ${setId}`]
    expect(await tables.log(key.clientId)).toEqual(logged)
    expect(await retireSet(context, key, setId)).toMatchObject({ state: 'DESTROYED' })
    expect(await tables.log(key.clientId)).toEqual(logged)
  })

  test('the last one that works stays over once it is retired', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, { state: 'DESTROYED', committed_at: when() })
    expect(await retireSet(tables.context, key, setId)).toMatchObject({ setId, state: 'DESTROYED' })
    expect(await tables.log(key.clientId)).toEqual([])
  })

  test('not a device that was revoked while the policy was asked', async () => {
    const { context, database } = tables
    const key = tables.key({ device: DEVICE })
    const setId = await tables.set(key, {}, active)
    await tables.set(key, {}, { ...active, proven_at: when() })
    const backup = await tables.set(key, { purpose: 'backup' }, { committed_at: when() })
    await database.query(
      'insert into reshare_devices (client_id, device, created_at, last_used_at, revoked_at) values ($1, $2, $3, $3, $3)',
      [key.clientId, DEVICE, when()],
    )
    await expect(retireSet(context, key, setId)).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    await expect(confirmBackup(context, key, backup)).rejects.toThrow(errorOf('DEVICE_REVOKED'))
    expect(await Promise.all([setId, backup].map(tables.state))).toEqual(['ACTIVE', 'PREPARED'])
  })

  test.each([
    ['a set that has not proven itself', {}, { ...active }, false],
    ['a confirmed backup', { purpose: 'backup' }, { ...active }, true],
    ['an unconfirmed backup', { purpose: 'backup' }, { committed_at: when() }, false],
    ['a set that has ended', {}, { state: 'DESTROYED', proven_at: when() }, false],
    ['a set of another wallet', { walletId: '1'.repeat(32) }, { ...active, proven_at: when() }, false],
  ] as const)('%s beside it', async (_, row, columns, enough) => {
    const key = tables.key()
    const setId = await tables.set(key, {}, { ...active, proven_at: when() })
    await tables.set(key, row, columns)
    const asked = assertRecoverable(tables.database, { ...key, walletId: WALLET, setId })
    await (enough ? asked : expect(asked).rejects.toThrow(errorOf('POLICY_DENIED')))
  })

  test('a set of a revoked device beside it is no way back, but the backup that it has confirmed is', async () => {
    const key = tables.key()
    const theirs = { ...key, device: DEVICE }
    const setId = await tables.set(key, {}, { ...active, proven_at: when() })
    await tables.set(theirs, {}, { ...active, proven_at: when() })
    const device = [key.clientId, DEVICE, when()]
    await tables.database.query(
      'insert into reshare_devices (client_id, device, created_at, last_used_at) values ($1, $2, $3, $3)',
      device,
    )
    const ask = () => assertRecoverable(tables.database, { ...key, walletId: WALLET, setId })
    await ask()
    await tables.database.query(
      'update reshare_devices set revoked_at = $3 where client_id = $1 and device = $2',
      device,
    )
    await expect(ask()).rejects.toThrow(errorOf('POLICY_DENIED'))
    await tables.set(theirs, { purpose: 'backup' }, active)
    await ask()
  })

  test('what is not decided, not a signing set or not the client’s is not retired', async () => {
    const { context } = tables
    const key = tables.key()
    const [prepared, backup] = [await tables.set(key), await tables.set(key, { purpose: 'backup' }, active)]
    await expect(retireSet(context, key, prepared)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await expect(retireSet(context, key, backup)).rejects.toThrow(errorOf('SET_MISMATCH'))
    await expect(retireSet(context, tables.key(), prepared)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(confirmBackup(context, key, prepared)).rejects.toThrow(errorOf('SET_MISMATCH'))
  })

  test('a policy that says no keeps a set as it is', async () => {
    const asked: unknown[] = []
    const policy = (request: unknown) => void asked.push(request)
    const context = { ...tables.context, policy: policy as never }
    const key = tables.key()
    const setId = await tables.set(key, {}, active)
    const backup = await tables.set(key, { purpose: 'backup' }, { committed_at: when() })
    await expect(retireSet(context, key, setId)).rejects.toThrow(errorOf('POLICY_DENIED'))
    await expect(confirmBackup(context, key, backup)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(await Promise.all([setId, backup].map(tables.state))).toEqual(['ACTIVE', 'PREPARED'])
    expect(asked).toEqual([
      expect.objectContaining({ action: 'retire', setId, walletId: WALLET, clientId: key.clientId }),
      expect.objectContaining({ action: 'confirm', setId: backup, walletId: WALLET, clientId: key.clientId }),
    ])
  })

  test.each([
    ['retired', 'signing', 'ACTIVE', retireSet],
    ['confirmed', 'backup', 'PREPARED', confirmBackup],
  ] as const)('a set that is committed while the policy is asked is not %s by that answer', async (...row) => {
    const [, purpose, state, act] = row
    const { database } = tables
    const key = tables.key()
    const setId = await tables.set(key, { purpose })
    if (purpose === 'signing') await tables.set(key, {}, { ...active, proven_at: when() })
    const commit = 'update reshare_sets set state = $2, committed_at = $3 where set_id = $1 and committed_at is null'
    for (const answer of [true, { approval: 'operator' }] as const) {
      const undo = `update reshare_sets set state = 'PREPARED', committed_at = null where set_id = $1`
      await database.query(undo, [setId])
      const policy: Policy = async () => {
        await database.query(commit, [setId, state, when()])
        return answer
      }
      await expect(act({ ...tables.context, policy }, key, setId)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
      expect(await tables.state(setId)).toBe(state)
    }
    const policy: Policy = () => ({ approval: 'operator' })
    await expect(act({ ...tables.context, policy }, key, setId)).rejects.toThrow(errorOf('APPROVAL_REQUIRED'))
    expect(await tables.log(key.clientId)).toEqual([expect.stringMatching('^approvalRequested')])
  })

  test('a confirmed backup ends the older ones of its method and the one that it was rotated from', async () => {
    const { context, database } = tables
    const key = tables.key()
    const backup = (
      backupMethod: 'PASSWORD' | 'PASSKEY',
      sourceSetId: string | null = null,
      columns: object = active,
    ) => tables.set(key, { purpose: 'backup', backupMethod, sourceSetId }, columns as never)
    const committed = { committed_at: when() }
    const rotated = await backup('PASSKEY')
    const [confirmed, unconfirmed] = [await backup('PASSWORD'), await backup('PASSWORD', null, committed)]
    const [undecided, other] = [await backup('PASSWORD', null, {}), await backup('PASSKEY')]
    const setId = await backup('PASSWORD', rotated, committed)
    const newer = await backup('PASSWORD', null, committed)
    await recordCustodianShare(database, key, confirmed)
    expect(await confirmBackup(context, key, setId)).toMatchObject({ setId, state: 'ACTIVE' })
    const states = await Promise.all([rotated, confirmed, unconfirmed, undecided, other, newer].map(tables.state))
    expect(states).toEqual(['DESTROYED', 'DESTROYED', 'DESTROYED', 'PREPARED', 'ACTIVE', 'PREPARED'])
    expect(tables.removed).toContain(confirmed)
    expect(await confirmBackup(context, key, setId)).toMatchObject({ state: 'ACTIVE' })
    const [first, ...others] = await tables.log(key.clientId)
    expect(first).toBe(`confirmed ${WALLET} ${setId}`)
    const ended = [rotated, confirmed, unconfirmed].map((older) => `destroyed ${WALLET} ${older} ${setId}`)
    expect(others.sort()).toEqual(ended.sort())
    await confirmBackup(context, key, newer)
    await expect(confirmBackup(context, key, setId)).rejects.toThrow(errorOf('BACKUP_SUPERSEDED'))
    await expect(confirmBackup(context, key, undecided)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
  })
})

describe('a backup that the custodian has lost since it was read back', () => {
  type Change = (halves: Map<string, Uint8Array>, setId: string, other: string) => void
  const flip = (half: Uint8Array) => half.map((byte, i) => (i === 10 ? byte ^ 1 : byte))

  test.each<[string, Change, string]>([
    ['gone', (halves, setId) => halves.delete(setId), 'SHARE_NOT_FOUND'],
    ['damaged', (halves, setId) => halves.set(setId, flip(halves.get(setId)!)), 'SHARE_NOT_FOUND'],
    ['wiped', (halves, setId) => halves.get(setId)!.fill(0), 'SHARE_NOT_FOUND'],
    ['replaced by another', (halves, setId, other) => halves.set(setId, halves.get(other)!), 'SHARE_NOT_FOUND'],
  ])('(%s) is not confirmed, and the one before it stays', async (_, change, expected) => {
    const { context, halves } = tables
    const key = tables.key()
    const dealt = { purpose: 'backup', backupMethod: 'PASSWORD' } as const
    const older = await tables.set(key, dealt, active)
    const setId = await tables.set(key, dealt, { committed_at: when() })
    const half = halves.get(setId)!.slice()
    change(halves, setId, older)
    await expect(confirmBackup(context, key, setId)).rejects.toThrow(errorOf(expected))
    expect(await Promise.all([older, setId].map(tables.state))).toEqual(['ACTIVE', 'PREPARED'])
    expect(await tables.log(key.clientId)).toEqual([])
    halves.set(setId, half)
    expect(await confirmBackup(context, key, setId)).toMatchObject({ state: 'ACTIVE' })
    // What is confirmed replaces nothing any more: it is not asked for again.
    halves.delete(setId)
    expect(await confirmBackup(context, key, setId)).toMatchObject({ state: 'ACTIVE' })
  })

  test('or that nobody can ask for is not confirmed either', async () => {
    const { context, errors } = tables
    const key = tables.key()
    const setId = await tables.set(key, { purpose: 'backup' }, { committed_at: when() })
    const failure = new Error('out of order')
    const custodian = { ...context.custodian!, fetch: () => Promise.reject(failure) }
    await expect(confirmBackup({ ...context, custodian }, key, setId)).rejects.toThrow(errorOf('WEBHOOK_FAILED'))
    expect([await tables.state(setId), errors.splice(0)]).toEqual(['PREPARED', [failure]])
  })

  test('is no way back for the last set that signs', async () => {
    const { context, halves, errors } = tables
    const key = tables.key()
    const last = await tables.set(key, {}, { ...active, proven_at: when() })
    const [older, newer] = [
      await tables.set(key, { purpose: 'backup' }, active),
      await tables.set(key, { purpose: 'backup' }, active),
    ]
    const kept = halves.get(older)!
    for (const backup of [older, newer]) halves.delete(backup)
    await expect(retireSet(context, key, last)).rejects.toThrow(errorOf('POLICY_DENIED'))
    const failure = new MpcError('WEBHOOK_FAILED', 'the app is down')
    const custodian = { ...context.custodian!, fetch: () => Promise.reject(failure) }
    await expect(retireSet({ ...context, custodian }, key, last)).rejects.toBe(failure)
    expect([await tables.state(last), errors.splice(0)]).toEqual(['ACTIVE', [failure, failure]])
    halves.set(older, kept)
    expect(await retireSet(context, key, last)).toMatchObject({ state: 'DESTROYED' })
    // Of what is over nothing is asked.
    halves.delete(older)
    expect(await retireSet(context, key, last)).toMatchObject({ state: 'DESTROYED' })
  })

  test('is not asked for where another set signs, or nothing is left', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, { ...active, proven_at: when() })
    const custodian = { ...tables.context.custodian!, fetch: () => Promise.reject(new Error('not to be asked')) }
    const ask = () => assertBackupStored({ ...tables.context, custodian }, { ...key, walletId: WALLET, setId })
    await ask()
    await tables.set(key, {}, { ...active, proven_at: when() })
    await tables.set(key, { purpose: 'backup' }, active)
    await ask()
    expect(tables.errors).toEqual([])
  })
})

test('a backup is confirmed though the custodian cannot be asked to remove the older one', async () => {
  const { context, database, errors } = tables
  const key = tables.key()
  const dealt = { purpose: 'backup', backupMethod: 'PASSWORD' } as const
  const older = await tables.set(key, dealt, active)
  await recordCustodianShare(database, key, older)
  const setId = await tables.set(key, dealt, { committed_at: when() })
  const failure = new Error('out of order')
  const custodian = { ...context.custodian!, delete: () => Promise.reject(failure) }
  expect(await confirmBackup({ ...context, custodian }, key, setId)).toMatchObject({ state: 'ACTIVE' })
  expect(errors.splice(0)).toEqual([leftForLater(older, failure)])
})
