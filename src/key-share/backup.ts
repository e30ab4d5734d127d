import { isMpcError, MpcError } from '../errors.ts'
import { toHex, wipe } from '../util/bytes.ts'
import { encodeBackupRecord, readBackupRecord } from './backup-record.ts'
import { wipeKeyShare } from './key-share.ts'
import type { GroupOf } from './record.ts'
import type { WalletShares } from './types.ts'
import { decodeWalletShares, encodeWalletShares } from './wallet-shares.ts'

/**
 * What a backup method seals: the record of shares, as secret bytes. The caller wipes them.
 *
 * @param createdAt milliseconds since 1970
 */
export function encodeBackup(groupOf: GroupOf, shares: WalletShares, createdAt: number): Uint8Array {
  const payload = encodeWalletShares(groupOf, shares)
  try {
    return encodeBackupRecord({ walletId: toHex(shares.walletId), setId: toHex(shares.setId), createdAt, payload })
  } finally {
    wipe(payload)
  }
}

/**
 * Reads what a backup method has opened, and validates every share in it. The caller wipes the bytes and the shares.
 *
 * @param walletId the wallet that it must be of, if known
 * @throws {BACKUP_CORRUPT} for anything but valid shares of the wallet and the set that the record names
 * @throws {BACKUP_OTHER_WALLET} if it is the backup of another wallet
 */
export function decodeBackup(groupOf: GroupOf, plaintext: Uint8Array, walletId?: string): WalletShares {
  const record = readBackupRecord(plaintext, walletId)
  try {
    const shares = decodeWalletShares(groupOf, record.payload)
    if (toHex(shares.walletId) === record.walletId && toHex(shares.setId) === record.setId) return shares
    shares.shares.forEach(wipeKeyShare)
  } catch (cause) {
    if (!isMpcError(cause, 'SHARE_PARSING_FAILED')) throw cause
    throw new MpcError('BACKUP_CORRUPT', 'the backup is damaged: its shares are not valid', { cause })
  } finally {
    wipe(record.payload)
  }
  throw new MpcError('BACKUP_CORRUPT', 'the backup is damaged: its shares are not of the set that it names')
}
