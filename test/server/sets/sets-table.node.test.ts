import { describe, expect, test } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import type { Queryable } from '../../../src/service/database/types.ts'
import { ecdsaRecord, requireSet, requireSets, setStatus } from '../../../src/server/sets/sets-table.ts'
import { assertActive, assertSetMatches, requireRecoverable } from '../../../src/server/sets/set-checks.ts'
import { combineRecords, encodeWalletSetRecord } from '../../../src/key-share/index.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { START, WALLET, type Tables } from '../support/tables.ts'
import { insertSet } from '../support/insert-rows.ts'

let tables: Tables
fileTables((made) => (tables = made))

const when = (ms = 0) => new Date(START + ms)
const active = { state: 'ACTIVE', committed_at: when() }
const DEVICE = 'ab'.repeat(32)

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
      scope: null,
      expiresAt: null,
    })
    expect(await insertSet(database, { ...set, setId: 'ef'.repeat(32) })).toBe(true)
    await expect(requireSet(database, 'another', setId)).rejects.toThrow(errorOf('AUTH_FAILED'))
    const used = {
      ...set,
      provenAt: when(1),
      lastUsedAt: when(2),
      exportedAt: when(3),
      scope: 'agent',
      expiresAt: when(4),
    }
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
      scope: 'agent',
      expiresAt: when(4).toISOString(),
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
    expect(() => assertActive(set, START)).not.toThrow()
    expect(() => assertActive({ ...set, state: 'PREPARED' }, START)).toThrow(errorOf('OPERATION_IN_PROGRESS'))
    for (const state of ['RETIRING', 'DESTROYED', 'ABORTED'] as const) {
      expect(() => assertActive({ ...set, state }, START)).toThrow(errorOf('SET_RETIRED'))
    }
    const expiring = { ...set, expiresAt: when() }
    expect(() => assertActive(expiring, START - 1)).not.toThrow()
    for (const state of ['ACTIVE', 'RETIRING', 'DESTROYED'] as const) {
      expect(() => assertActive({ ...expiring, state }, START)).toThrow(errorOf('SET_EXPIRED'))
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
