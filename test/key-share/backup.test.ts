import { describe, expect, test, vi } from 'vitest'
import { getGroup } from '../../src/curve/index.ts'
import { MpcError } from '../../src/errors.ts'
import { encodeBackupRecord, readBackupRecord, type BackupRecord } from '../../src/key-share/backup-record.ts'
import { decodeBackup, encodeBackup, encodeWalletShares } from '../../src/key-share/index.ts'
import { toHex } from '../../src/util/bytes.ts'
import { backupShares } from '../support/backup-shares.ts'
import { code } from '../support/code.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()

describe('a backup in bytes', () => {
  const [shares, others] = [backupShares(random), backupShares(random)]
  const walletId = toHex(shares.walletId)
  const honest: BackupRecord = {
    walletId,
    setId: toHex(shares.setId),
    createdAt: 1_893_456_000_123,
    payload: encodeWalletShares(getGroup, shares),
  }
  const decode = (change: Partial<BackupRecord>, expected?: string) =>
    decodeBackup(getGroup, encodeBackupRecord({ ...honest, ...change }), expected)

  test('is the record of its shares, and comes back as them', () => {
    const bytes = encodeBackup(getGroup, shares, honest.createdAt)
    expect(bytes).toEqual(encodeBackupRecord(honest))
    for (const expected of [undefined, walletId]) {
      expect(encodeWalletShares(getGroup, decodeBackup(getGroup, bytes, expected))).toEqual(honest.payload)
    }
    expect(readBackupRecord(bytes)).toEqual(honest)
  })

  test('of another wallet is BACKUP_OTHER_WALLET, whatever is in it', () => {
    const other = toHex(others.walletId)
    for (const change of [{}, { payload: new Uint8Array(5) }]) {
      expect(() => decode(change, other)).toThrow(code('BACKUP_OTHER_WALLET'))
    }
    expect(() => readBackupRecord(encodeBackupRecord(honest), other)).toThrow(code('BACKUP_OTHER_WALLET'))
  })

  test('that is no record, or no valid shares of the wallet and set that it names, is BACKUP_CORRUPT', () => {
    const bytes = encodeBackupRecord(honest)
    for (const malformed of [new Uint8Array(0), bytes.slice(1), bytes.slice(0, -1), new Uint8Array([...bytes, 0])]) {
      expect(() => decodeBackup(getGroup, malformed, walletId)).toThrow(code('BACKUP_CORRUPT'))
      expect(() => readBackupRecord(malformed)).toThrow(code('BACKUP_CORRUPT'))
    }
    const flipped = honest.payload.slice()
    flipped[20] = flipped[20]! ^ 1
    for (const change of [
      { walletId: toHex(others.walletId) },
      { setId: toHex(others.setId) },
      { payload: encodeWalletShares(getGroup, others) },
      { payload: flipped },
      { payload: random(700) },
    ]) {
      expect(() => decode(change)).toThrow(code('BACKUP_CORRUPT'))
    }
  })

  test('cannot be read without arithmetic, which is not its fault', () => {
    const missing = new MpcError('WASM_UNAVAILABLE', 'no module')
    const groupOf = vi.fn(() => {
      throw missing
    })
    expect(() => decodeBackup(groupOf, encodeBackupRecord(honest))).toThrow(missing)
  })
})
