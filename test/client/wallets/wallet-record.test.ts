import { describe, expect, test } from 'vitest'
import {
  activeSetIds,
  decodeWalletRecord,
  encodeWalletRecord,
  limitsOf,
  withActivated,
  withoutSets,
  withPrepared,
  withProven,
  withRetired,
  type WalletRecord,
} from '../../../src/client/wallets/wallet-record.ts'
import { toHex } from '../../../src/util/bytes.ts'

const walletId = '11'.repeat(16)
const [one, two, three] = ['a1', 'a2', 'a3'].map((byte) => byte.repeat(32)) as [string, string, string]
const operationId = '0f'.repeat(16)
const operationExpiresAt = 0x0123_0456_0789
const publicKeys = { secp256k1: new Uint8Array(33).fill(2), ed25519: new Uint8Array(32).fill(3) }
const empty: WalletRecord = { walletId, publicKeys, activeSetId: null, isNew: true, sets: [] }

const active = withActivated(withPrepared(empty, { setId: one, operationId, operationExpiresAt, replaces: [] }), one)
const full = withPrepared(active, { setId: two, operationId, operationExpiresAt, replaces: [one] })

describe('wallet record', () => {
  test('is these bytes', () => {
    expect(toHex(encodeWalletRecord(full))).toBe(
      ['01', walletId, '02'.repeat(33), '03'.repeat(32), '01', one, '0002'].join('') +
        [one, '02', operationId, '0000012304560789', '01', '0000', '0000'].join('') +
        [two, '01', operationId, '0000012304560789', '01', '0000', '0001', one].join(''),
    )
  })

  test('has the limits of a set', () => {
    const limits = { scope: 'agent-7', expiresAt: '2026-12-01T00:00:00.000Z' }
    for (const some of [limits, { scope: limits.scope }, { expiresAt: limits.expiresAt }]) {
      const set = { setId: one, operationId, operationExpiresAt, replaces: [], limits: some }
      const record = withActivated(withPrepared(empty, set), one)
      const bytes = encodeWalletRecord(record)
      expect(decodeWalletRecord(bytes, walletId)).toEqual(record)
      expect([limitsOf(record, one), limitsOf(record, two)]).toEqual([some, {}])
      const [at] = [bytes.indexOf(0x61), bytes.indexOf(0x32)].filter((index) => index >= 175)
      expect(() => decodeWalletRecord(change(bytes, at!, 0x41), walletId)).toThrow(/damaged/)
    }
  })

  test('says which set is in use, or whether there was none yet', () => {
    const flag = (record: WalletRecord) => encodeWalletRecord(record)[82]
    expect([empty, active, withRetired(active, [one])].map(flag)).toEqual([2, 1, 0])
  })

  test.each([empty, active, withRetired(active, [one]), full, withRetired(full, [one])])(
    'is read back as it was written',
    (record) => {
      expect(decodeWalletRecord(encodeWalletRecord(record), walletId)).toEqual(record)
    },
  )

  test('is refused if it is damaged', () => {
    const good = encodeWalletRecord(full)
    const refused = (bytes: Uint8Array) =>
      expect(() => decodeWalletRecord(bytes, walletId)).toThrow(
        expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }),
      )
    for (let length = 0; length < good.length; length++) refused(good.subarray(0, length))
    refused(new Uint8Array([...good, 0]))
    refused(change(good, 0, 2)) // version
    refused(change(good, 1, 0)) // wallet
    refused(change(good, 82, 2)) // flag
    refused(change(good, 83, 0)) // active set that is not there
    refused(change(good, 149, 9)) // state
    refused(change(good, 149, 3)) // active set that is retired
    refused(change(good, 174, 2)) // proof owed
  })

  test('is refused for another wallet, or with a set twice', () => {
    expect(() => decodeWalletRecord(encodeWalletRecord(full), '22'.repeat(16))).toThrow(/damaged/)
    const twice = withPrepared(full, { setId: one, operationId, operationExpiresAt, replaces: [] })
    expect(() => decodeWalletRecord(encodeWalletRecord(twice), walletId)).toThrow(/damaged/)
  })
})

function change(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const out = bytes.slice()
  expect(out[offset]).not.toBe(value)
  out[offset] = value
  return out
}

describe('the life of a set on its device', () => {
  test('prepared sets cannot be used, and the one before stays', () => {
    expect(activeSetIds(full)).toEqual([one])
    expect(full.activeSetId).toBe(one)
  })

  test('activation keeps the old set; proof retires it', () => {
    const activated = withActivated(full, two)
    expect(activeSetIds(activated)).toEqual([one, two])
    expect(activated.activeSetId).toBe(two)
    expect(activated.sets.map(({ proofPending }) => proofPending)).toEqual([true, true])
    const proven = withProven(activated, two)
    expect(proven.sets.map(({ proofPending }) => proofPending)).toEqual([false, false])
    expect(activeSetIds(proven)).toEqual([two])
    expect(withoutSets(proven, [one]).sets.map(({ setId }) => setId)).toEqual([two])
  })

  test('a set that is not prepared is not activated again', () => {
    const retired = withRetired(active, [one])
    expect(withActivated(retired, one)).toBe(retired)
    expect(withActivated(active, three)).toBe(active)
    expect(retired.activeSetId).toBeNull()
  })

  test('retiring the set in use falls back to another that can sign', () => {
    const both = withActivated(full, two)
    expect(withRetired(both, [two]).activeSetId).toBe(one)
    expect(withRetired(both, [one, two]).activeSetId).toBeNull()
  })

  test('a set that was overtaken gives way to the one that has proven itself', () => {
    const both = withActivated(full, two)
    const proven = withProven(both, one, [two])
    expect(proven.activeSetId).toBe(one)
    expect(activeSetIds(proven)).toEqual([one])
  })
})
