import { describe, expect, test } from 'vitest'
import type { GenerateRequest, RecoverRequest, RefreshRequest } from '../../../src/wire/operations.ts'
import { commitSets } from '../../../src/server/operations/make-sets/commit-sets.ts'
import { createWallet } from '../../../src/server/operations/make-sets/create-wallet.ts'
import type { Queryable, Row } from '../../../src/service/database/types.ts'
import { equalShares } from '../../../src/server/sets/shares.ts'
import { readShare } from '../support/read-share.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import type { ReshareRequest } from '../../../src/server/operations/round.ts'
import { requireSet, requireSets } from '../../../src/server/sets/sets-table.ts'
import { requireRecoverable } from '../../../src/server/sets/set-checks.ts'
import { type WalletShares } from '../../../src/key-share/index.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { owedRetirements, storedPreprocessing } from '../support/set-rows.ts'
import { generating, recovering, START, WALLET, type Tables } from '../support/tables.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'

let tables: Tables
fileTables((made) => (tables = made))

const when = (ms = 0) => new Date(START + ms)
const active = { state: 'ACTIVE', committed_at: when() }

/** The sets that an operation has prepared, as the session that made them gives them. */
const made = (...sets: readonly (readonly [WalletShares['purpose'], string])[]): WalletShares[] =>
  sets.map(([purpose, setId]) => ({ purpose, setId: fromHex(setId), walletId: fromHex(WALLET), shares: [] }))

const refreshing = (setId: string): RefreshRequest => ({ kind: 'refresh', walletId: WALLET, setId, label: 'phone' })

function settle(key: CalledOperation, request: ReshareRequest, sets: readonly WalletShares[]) {
  const turn = { ...key, request, round: 3, messages: [], epoch: 1, state: undefined }
  const completion = commitSets(tables.context, turn, sets)
  return {
    ...completion,
    result: () => tables.database.transaction(async (tx) => (await completion.apply(tx)) ?? completion.result),
  }
}

const owed = (setId: string) => owedRetirements(tables, setId)
const preprocessing = (setId: string) => storedPreprocessing(tables, setId)

/** @param stored what the database gives back of what it was given */
function create(operation: CalledOperation, stored = (row: Row) => row) {
  const { context, database } = tables
  const request = generating as GenerateRequest
  const input = { ...operation, request, round: 2, messages: [], epoch: 1, state: undefined }
  const set = walletPair('signing', context.random).other
  const completion = createWallet(context, input, set)
  const giving = (tx: Queryable): Queryable => ({ query: async (...query) => (await tx.query(...query)).map(stored) })
  const apply = () => database.transaction(async (tx) => completion.apply(giving(tx)))
  return { ...completion, set, apply }
}

describe('the end of an operation that makes sets', () => {
  test('of a new wallet: set and share are there with the wallet, which is there once', async () => {
    const { context, database } = tables
    const key = tables.key()
    const { decision, result, set, apply } = create(key)
    const setId = toHex(set.setId)
    expect([decision, result]).toEqual(['COMMIT', { setId, state: 'ACTIVE' }])
    await apply()
    const row = await requireSet(database, key.clientId, setId)
    expect(row).toMatchObject({ state: 'ACTIVE', committedAt: new Date(tables.clock), walletId: WALLET })
    expect(equalShares(await readShare(context, database, key.clientId, setId), set)).toBe(true)
    expect(await requireSets(database, key.clientId, WALLET)).toHaveLength(1)
    const named = `${WALLET} ${setId} ${key.operationId} generate`
    expect(await tables.log(key.clientId)).toEqual([`prepared ${named}`, `activated ${named}`])
    const second = create(tables.key({ clientId: key.clientId }))
    await expect(second.apply()).rejects.toThrow(errorOf('WALLET_EXISTS'))
    await expect(requireSet(database, key.clientId, toHex(second.set.setId))).rejects.toThrow(errorOf('AUTH_FAILED'))
  })

  test('of a new wallet: a set that is there without it is none of a new wallet', async () => {
    const key = tables.key()
    const { apply } = create(key)
    await apply()
    await tables.database.query('delete from reshare_wallets where client_id = $1', [key.clientId])
    await expect(apply()).rejects.toThrow('before its wallet')
    expect(await tables.row('select 1 from reshare_wallets where client_id = $1', key.clientId)).toBeUndefined()
  })

  test.each<[string, (share: Uint8Array) => Uint8Array | null]>([
    ['no share', () => null],
    ['another share', (share) => share.map((byte, i) => (i === share.length - 1 ? byte ^ 1 : byte))],
    ['a part of the share', (share) => share.slice(0, -1)],
  ])('of a new wallet: nothing is stored where the database gives back %s', async (_, damage) => {
    const key = tables.key()
    const damaged = (row: Row) => ('stored' in row ? { ...row, stored: damage(row['stored'] as Uint8Array) } : row)
    await expect(create(key, damaged).apply()).rejects.toThrow('does not give back the share')
    await expect(requireSets(tables.database, key.clientId, WALLET)).rejects.toThrow(errorOf('AUTH_FAILED'))
    expect(await tables.row('select 1 from reshare_wallets where client_id = $1', key.clientId)).toBeUndefined()
    await create(key).apply()
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
    const request = refreshing(await tables.set(tables.key({ clientId: key.clientId }), {}, active))
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
