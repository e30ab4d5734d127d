import { describe, expect, test } from 'vitest'
import type { RecoverRequest, RefreshRequest } from '../../../src/wire/operations.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { MpcError } from '../../../src/errors.ts'
import type { Queryable, SqlValue } from '../../../src/service/database/types.ts'
import { commitSets } from '../../../src/server/operations/make-sets/commit-sets.ts'
import { recordAbort } from '../../../src/server/rounds/decisions.ts'
import {
  findOperation,
  findDecision,
  insertAnswer,
  recordDecision,
  type CalledOperation,
} from '../../../src/server/rounds/operations-table.ts'
import type { MakeRequest } from '../../../src/server/rounds/round.ts'
import { confirmBackup, retireSet } from '../../../src/server/sets/actions.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { destroyRetiring, planRetirements, recordProof, recordSignature } from '../../../src/server/sets/retirements.ts'
import {
  ecdsaRecord,
  insertSet,
  notAuthorized,
  requireSet,
  requireSets,
  setStatus,
} from '../../../src/server/sets/sets-table.ts'
import { assertActive, assertSetMatches, requireRecoverable } from '../../../src/server/sets/set-checks.ts'
import { assertBackupKept, assertRecoverable } from '../../../src/server/sets/recoverability.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { combineRecords, encodeWalletSetRecord, type WalletShares } from '../../../src/key-share/index.ts'
import { fromHex, utf8 } from '../../../src/util/bytes.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { generating, recovering, START, WALLET, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const when = (ms = 0) => new Date(START + ms)
const active = { state: 'ACTIVE', committed_at: when() }
const DEVICE = 'ab'.repeat(32)

/** The sets that an operation has prepared, as the session that made them gives them. */
const made = (...sets: readonly (readonly [WalletShares['purpose'], string])[]): WalletShares[] =>
  sets.map(([purpose, setId]) => ({ purpose, setId: fromHex(setId), walletId: fromHex(WALLET), shares: [] }))

const refreshing = (setId: string): RefreshRequest => ({ kind: 'refresh', walletId: WALLET, setId, label: 'phone' })

function settle(key: CalledOperation, request: MakeRequest, sets: readonly WalletShares[]) {
  const turn = { ...key, request, round: 3, messages: [], epoch: 1, state: undefined }
  const completion = commitSets(tables.context, turn, sets)
  return { ...completion, result: () => tables.database.transaction((tx) => completion.apply(tx)) }
}

async function owed(setId: string) {
  const rows = await tables.database.query(
    'select old_set_id, with_backups from reshare_retirements where set_id = $1 order by old_set_id',
    [setId],
  )
  return rows.map((row) => [row['old_set_id'], row['with_backups']])
}

async function preprocessing(setId: string): Promise<() => Promise<boolean>> {
  await tables.database.query(
    `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
     values ($1, 'one', 'sealed', 1, $2, $3)`,
    [setId, when(), when(1e9)],
  )
  return async () => (await tables.row('select 1 from reshare_preprocessings where set_id = $1', setId)) !== undefined
}

describe('the end of an operation that makes sets', () => {
  test('of a new wallet: the signing set is active, and the wallet is there once', async () => {
    const key = tables.key()
    const setId = await tables.set(key)
    const { decision, result } = settle(key, generating as MakeRequest, made(['signing', setId]))
    expect(decision).toBe('COMMIT')
    expect(await result()).toEqual({ setId, state: 'ACTIVE' })
    expect(await requireSet(tables.database, key.clientId, setId)).toMatchObject({
      state: 'ACTIVE',
      committedAt: new Date(tables.clock),
    })
    expect(await requireSets(tables.database, key.clientId, WALLET)).toHaveLength(1)
    const again = tables.key({ clientId: key.clientId })
    const second = settle(again, generating as MakeRequest, made(['signing', await tables.set(again)]))
    await expect(second.result()).rejects.toThrow(errorOf('STORAGE_CONFLICT'))
  })

  test('of a backup: the set is committed, and waits for the app', async () => {
    const key = tables.key()
    const source = await tables.set(tables.key({ clientId: key.clientId }), {}, active)
    const setId = await tables.set(key, { purpose: 'backup' })
    const request = { kind: 'backup', walletId: WALLET, setId: source, backupMethod: 'PASSWORD' } as const
    expect(await settle(key, request, made(['backup', setId])).result()).toEqual({ setId, state: 'PREPARED' })
    const set = await requireSet(tables.database, key.clientId, setId)
    expect(set).toMatchObject({ state: 'PREPARED', committedAt: new Date(tables.clock) })
    expect(() => requireRecoverable(set)).not.toThrow()
  })

  test('happens once, with what its own operation has prepared', async () => {
    const key = tables.key()
    const setId = await tables.set(tables.key({ clientId: key.clientId }))
    const request = generating as MakeRequest
    await expect(settle(key, request, made(['signing', setId])).result()).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(await tables.state(setId)).toBe('PREPARED')
    const ended = await tables.set(key, {}, { state: 'ABORTED' })
    await expect(settle(key, request, made(['signing', ended])).result()).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(await tables.state(ended)).toBe('ABORTED')
  })

  test.each(['retire', 'keep'] as const)('of a recovery that is to %s', async (existingSets) => {
    const key = tables.key()
    await tables.database.query('insert into reshare_wallets (wallet_id, client_id, created_at) values ($1, $2, $3)', [
      WALLET,
      key.clientId,
      when(),
    ])
    const older = tables.key({ clientId: key.clientId })
    const phone = await tables.set(older, {}, active)
    const spent = await preprocessing(phone)
    const retired = await tables.set(older, {}, { state: 'DESTROYED' })
    const backup = await tables.set(older, { purpose: 'backup' }, active)
    const [signing, rotated] = [await tables.set(key), await tables.set(key, { purpose: 'backup' })]
    const stranger = await tables.set(tables.key(), {}, active)
    const request = recovering(backup, { existingSets })
    expect(await settle(key, request, made(['signing', signing], ['backup', rotated])).result()).toEqual({
      setId: signing,
      state: 'ACTIVE',
      backupSetId: rotated,
    })
    expect(await tables.log(key.clientId)).toEqual([
      `activated ${WALLET} ${signing} ${key.operationId} recover`,
      ...(existingSets === 'retire' ? [`replaces ${WALLET} ${signing} ${phone}`] : []),
      `committed ${WALLET} ${rotated} ${key.operationId} recover`,
    ])
    expect(await owed(signing)).toEqual(existingSets === 'retire' ? [[phone, true]] : [])
    expect(await owed(rotated)).toEqual([])
    expect(await Promise.all([phone, retired, stranger].map(tables.state))).toEqual(['ACTIVE', 'DESTROYED', 'ACTIVE'])
    expect(await spent()).toBe(false)
  })

  test('of a dry run: nothing is decided for it but its end', async () => {
    const key = tables.key()
    const older = tables.key({ clientId: key.clientId })
    const backup = await tables.set(older, { purpose: 'backup' }, active)
    const phone = await tables.set(older, {}, active)
    const kept = await preprocessing(phone)
    const setId = await tables.set(key)
    const { decision, result } = settle(key, recovering(backup, { dryRun: true }), made(['signing', setId]))
    expect(decision).toBe('ABORT')
    expect(await result()).toEqual({ setId, state: 'PREPARED' })
    expect(await tables.state(setId)).toBe('PREPARED')
    expect(await owed(setId)).toEqual([])
    expect(await kept()).toBe(true)
  })

  test('is refused once the set that it comes from is over', async () => {
    const key = tables.key()
    const source = await tables.set(key, {}, { state: 'RETIRING', committed_at: when() })
    const completion = settle(key, refreshing(source), made(['signing', await tables.set(key)]))
    await expect(completion.result()).rejects.toThrow(errorOf('SET_RETIRED'))
    const superseded = await tables.set(key, { purpose: 'backup' }, { state: 'DESTROYED', committed_at: when() })
    const recovery: RecoverRequest = recovering(superseded, { dryRun: true })
    await expect(settle(key, recovery, []).result()).rejects.toThrow(errorOf('BACKUP_SUPERSEDED'))
  })

  test('of a refresh: the old set waits for the proof of the new, and keeps its preprocessings', async () => {
    const key = tables.key()
    const old = await tables.set(key, {}, active)
    const kept = await preprocessing(old)
    const setId = await tables.set(key)
    expect(await settle(key, refreshing(old), made(['signing', setId])).result()).toEqual({ setId, state: 'ACTIVE' })
    expect(await owed(setId)).toEqual([[old, false]])
    expect(await kept()).toBe(true)
  })
})

describe('retirement', () => {
  const proof = async (key: CalledOperation, setId: string) =>
    tables.database.transaction(async (tx) =>
      recordProof(tables.context, tx, await requireSet(tx, key.clientId, setId)),
    )

  test('waits for the first proof, and a second changes nothing', async () => {
    const key = tables.key()
    const [old, other, setId] = [
      await tables.set(key, {}, active),
      await tables.set(key, {}, active),
      await tables.set(key, {}, active),
    ]
    await planRetirements(tables.database, { request: refreshing(old), clientId: key.clientId, setId })
    tables.clock = START + 1000
    expect(await proof(key, setId)).toEqual([old])
    expect(await Promise.all([old, other, setId].map(tables.state))).toEqual(['RETIRING', 'ACTIVE', 'ACTIVE'])
    await tables.database.query(`update reshare_sets set state = 'ACTIVE' where set_id = $1`, [old])
    tables.clock = START + 2000
    expect(await proof(key, setId)).toEqual([old])
    expect(await tables.state(old)).toBe('ACTIVE')
    expect((await requireSet(tables.database, key.clientId, setId)).provenAt).toEqual(when(1000))
    expect(await tables.log(key.clientId)).toEqual([`proven ${WALLET} ${setId}`, `retiring ${WALLET} ${old} ${setId}`])
  })

  test('of a lost device ends the backups that it made and nobody confirmed, but not the way back', async () => {
    const key = tables.key()
    const lost = await tables.set(key, {}, active)
    const dealt = { purpose: 'backup', sourceSetId: lost } as const
    const committed = { committed_at: when() }
    const [way, forged, confirmed, undecided] = [
      await tables.set(key, dealt, committed),
      await tables.set(key, dealt, committed),
      await tables.set(key, dealt, active),
      await tables.set(key, dealt),
    ]
    await recordCustodianShare(tables.database, key, forged)
    const setId = await tables.set(key, { sourceSetId: way }, active)
    await planRetirements(tables.database, { request: recovering(way), clientId: key.clientId, setId })
    await proof(key, setId)
    expect(await Promise.all([lost, way, forged, confirmed, undecided].map(tables.state))).toEqual([
      'RETIRING',
      'PREPARED',
      'DESTROYED',
      'ACTIVE',
      'PREPARED',
    ])
    expect(await tables.log(key.clientId)).toEqual([
      `proven ${WALLET} ${setId}`,
      `destroyed ${WALLET} ${forged} ${setId}`,
      `retiring ${WALLET} ${lost} ${setId}`,
    ])
    expect(
      await tables.row('select deletion_pending from reshare_custodian_records where set_id = $1', forged),
    ).toEqual({
      deletion_pending: true,
    })
  })

  test('of a lost device ends what has come from such a backup before the proof', async () => {
    const key = tables.key()
    const lost = await tables.set(key, {}, active)
    const way = await tables.set(key, { purpose: 'backup' }, active)
    const forged = await tables.set(key, { purpose: 'backup', sourceSetId: lost }, { committed_at: when() })
    const setId = await tables.set(key, { sourceSetId: way }, active)
    await planRetirements(tables.database, { request: recovering(way), clientId: key.clientId, setId })
    const stolen = await tables.set(key, { sourceSetId: forged }, active)
    const another = await tables.set(key, { sourceSetId: way }, active)
    expect(await proof(key, setId)).toEqual([lost, stolen].sort())
    expect(await Promise.all([lost, forged, stolen, another, setId].map(tables.state))).toEqual([
      'RETIRING',
      'DESTROYED',
      'RETIRING',
      'ACTIVE',
      'ACTIVE',
    ])
    expect(await tables.log(key.clientId)).toContain(`retiring ${WALLET} ${stolen} ${setId}`)
  })

  test('passes on to what a set is refreshed to, whichever side it waits on', async () => {
    const key = tables.key()
    const { clientId } = key
    const [phone, laptop] = [await tables.set(key, {}, active), await tables.set(key, {}, active)]
    const backup = await tables.set(key, { purpose: 'backup' }, active)
    await planRetirements(tables.database, { request: recovering(backup), clientId, setId: laptop })
    const phone2 = await tables.set(key, {}, active)
    await planRetirements(tables.database, { request: refreshing(phone), clientId, setId: phone2 })
    expect((await owed(laptop)).map(([old]) => old).sort()).toEqual([phone, phone2].sort())
    const laptop2 = await tables.set(key, {}, active)
    await planRetirements(tables.database, { request: refreshing(laptop), clientId, setId: laptop2 })
    expect((await owed(laptop2)).map(([old]) => old).sort()).toEqual([phone, phone2, laptop].sort())
    expect(new Map((await owed(laptop2)) as [string, boolean][]).get(laptop)).toBe(false)
  })

  test('destroys the halves of one client or of all, with their setups and preprocessings', async () => {
    const key = tables.key()
    const retiring = { state: 'RETIRING', committed_at: when() }
    const [own, foreign, kept] = [
      await tables.set(key, {}, retiring),
      await tables.set(tables.key(), {}, retiring),
      await tables.set(key, {}, active),
    ]
    const spent = await preprocessing(own)
    await tables.database.query('update reshare_ot_states set poisoned = true where set_id = $1', [own])
    await destroyRetiring(tables.context, key.clientId)
    expect(await tables.log(key.clientId)).toEqual([`poisoned ${WALLET} ${own} 1`, `destroyed ${WALLET} ${own}`])
    const sets = [own, foreign, kept]
    expect(await Promise.all(sets.map(tables.state))).toEqual(['DESTROYED', 'RETIRING', 'ACTIVE'])
    expect(await Promise.all(sets.map(tables.hasShare))).toEqual([false, true, true])
    expect(await spent()).toBe(false)
    expect(await tables.row('select 1 from reshare_ot_states where set_id = $1', own)).toBeUndefined()
    await sweep(tables.context)
    expect(await Promise.all(sets.map(tables.state))).toEqual(['DESTROYED', 'DESTROYED', 'ACTIVE'])
  })

  test('one set that cannot be destroyed does not keep the others', async () => {
    const keys = [tables.key(), tables.key(), tables.key()]
    const sets = await Promise.all(keys.map((key) => tables.set(key, {}, { state: 'RETIRING', committed_at: when() })))
    const failure = new Error('no entry')
    const { context } = tables
    const audit: typeof context.audit = {
      ...context.audit,
      record: async (tx, clientId, events) => {
        if (clientId === keys[1]?.clientId) throw failure
        return context.audit.record(tx, clientId, events)
      },
    }
    const told: unknown[] = []
    await sweep({ ...context, audit, onError: (error) => told.push(error) })
    expect(await Promise.all(sets.map(tables.state))).toEqual(['DESTROYED', 'RETIRING', 'DESTROYED'])
    expect(await tables.hasShare(sets[1] as string)).toBe(true)
    expect(told).toEqual([leftForLater(sets[1] as string, failure)])
    await sweep(context)
    expect(await tables.state(sets[1] as string)).toBe('DESTROYED')
  })

  test('a signature is no proof', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, active)
    const other = await tables.set(key, {}, active)
    await recordSignature(tables.context, tables.database, setId)
    const set = await requireSet(tables.database, key.clientId, setId)
    expect(set).toMatchObject({ lastUsedAt: new Date(tables.clock), provenAt: null })
    expect((await requireSet(tables.database, key.clientId, other)).lastUsedAt).toBeNull()
  })
})

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
    const ask = () => assertBackupKept({ ...tables.context, custodian }, { ...key, walletId: WALLET, setId })
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

describe('a set', () => {
  test('is the client’s own, as it was made, and of one making', async () => {
    const { database } = tables
    const key = tables.key({ device: DEVICE })
    const setId = await tables.set(key, { label: 'tablet', sourceSetId: 'ef'.repeat(32) })
    const set = await requireSet(database, key.clientId, setId)
    expect(await insertSet(database, { ...set, label: 'again' })).toBe(false)
    expect(await requireSet(database, key.clientId, setId)).toEqual({
      ...key,
      setId,
      walletId: WALLET,
      purpose: 'signing',
      state: 'PREPARED',
      label: 'tablet',
      backupMethod: null,
      sourceSetId: 'ef'.repeat(32),
      record: new Uint8Array(1),
      createdAt: when(),
      committedAt: null,
      provenAt: null,
      lastUsedAt: null,
      exportedAt: null,
    })
    expect(await insertSet(database, { ...set, setId: 'ef'.repeat(32) })).toBe(true)
    await expect(requireSet(database, 'another', setId)).rejects.toThrow(errorOf('AUTH_FAILED'))
    const used = { ...set, provenAt: when(1), lastUsedAt: when(2), exportedAt: when(3) }
    expect(setStatus(set)).toMatchObject({ proven: false, lastUsedAt: null, exportedAt: null, deviceId: DEVICE })
    expect(setStatus(used)).toEqual({
      setId,
      walletId: WALLET,
      purpose: 'signing',
      state: 'PREPARED',
      label: 'tablet',
      backupMethod: null,
      deviceId: DEVICE,
      createdAt: when().toISOString(),
      lastUsedAt: when(2).toISOString(),
      exportedAt: when(3).toISOString(),
      proven: true,
    })
  })

  test('of a wallet is listed in the order of making, unless it was aborted', async () => {
    const { database } = tables
    const key = tables.key()
    await expect(requireSets(database, key.clientId, WALLET)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await database.query('insert into reshare_wallets (wallet_id, client_id, created_at) values ($1, $2, $3)', [
      WALLET,
      key.clientId,
      when(),
    ])
    const sets = [
      await tables.set(key),
      await tables.set(key, {}, active),
      await tables.set(key, {}, { state: 'ABORTED' }),
    ]
    await tables.set(key, { walletId: '1'.repeat(32) })
    const listed = await requireSets(database, key.clientId, WALLET)
    expect(listed.map(({ setId }) => setId)).toEqual(sets.slice(0, 2))
    // The records of all sets that a wallet ever had stay in the database.
    const columns: string[] = []
    const query: Queryable['query'] = async (sql, parameters) => {
      const rows = await database.query(sql, parameters)
      columns.push(...Object.keys(rows[0]!))
      return rows
    }
    expect(await requireSets({ query }, key.clientId, WALLET)).toEqual(listed)
    expect(columns).toContain('set_id')
    expect(columns).not.toContain('record')
    expect(setStatus(listed[0]!)).toEqual(setStatus(await requireSet(database, key.clientId, sets[0]!)))
  })

  test('is known to ECDSA by the record of its key on secp256k1', () => {
    const { other } = walletPair('signing', tables.context.random)
    const records = other.shares.map((share) => share.record)
    const found = ecdsaRecord({ record: encodeWalletSetRecord(getGroup, combineRecords(records)) })
    expect(found.curve).toBe('secp256k1')
    expect(found.setId).toEqual(records.find(({ curve }) => curve === 'secp256k1')!.setId)
  })

  test('is used for what it is, and while it is', async () => {
    const key = tables.key()
    const set = await requireSet(tables.database, key.clientId, await tables.set(key, {}, active))
    expect(() => assertSetMatches(set, WALLET, 'signing')).not.toThrow()
    expect(() => assertSetMatches(set, '1'.repeat(32), 'signing')).toThrow(errorOf('SET_MISMATCH'))
    expect(() => assertSetMatches(set, WALLET, 'backup')).toThrow(errorOf('SET_MISMATCH'))
    expect(() => assertActive(set)).not.toThrow()
    expect(() => assertActive({ ...set, state: 'PREPARED' })).toThrow(errorOf('OPERATION_IN_PROGRESS'))
    for (const state of ['RETIRING', 'DESTROYED', 'ABORTED'] as const) {
      expect(() => assertActive({ ...set, state })).toThrow(errorOf('SET_RETIRED'))
    }
    for (const state of ['ABORTED', 'DESTROYED'] as const) {
      expect(() => requireRecoverable({ ...set, state })).toThrow(errorOf('BACKUP_SUPERSEDED'))
    }
    for (const state of ['PREPARED', 'ACTIVE'] as const)
      expect(() => requireRecoverable({ ...set, state })).not.toThrow()
    expect(() => requireRecoverable({ ...set, state: 'PREPARED', committedAt: null })).toThrow(
      errorOf('OPERATION_IN_PROGRESS'),
    )
  })
})

describe('a sweep', () => {
  test('aborts what has expired, once and not before, and forgets it later; what makes sets or proves something stays decided', async () => {
    const { context, database, errors } = tables
    const [making, signing, ready, proving, decided] = [1, 2, 3, 4, 5].map(() => tables.key()) as [
      ...[CalledOperation, CalledOperation, CalledOperation, CalledOperation, CalledOperation],
    ]
    await tables.begin(making)
    const use = { walletId: WALLET, setId: 'ef'.repeat(32) }
    await tables.begin(signing, { kind: 'sign', scheme: 'ed25519', message: '', ...use })
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
    const hash = tables.hash('first')
    for (const key of [making, proving]) await insertAnswer(context, database, key, 1, hash, utf8('answer'))
    const answer = (key: CalledOperation) =>
      tables.row('select 1 from reshare_responses where client_id = $1', key.clientId)
    const late = tables.key()
    tables.clock = begun + operationMs + responseMs - 1
    await tables.begin(late)
    await insertAnswer(context, database, late, 1, hash, utf8('answer'))
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
