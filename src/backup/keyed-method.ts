import { getGroup } from '../curve/index.ts'
import { isMpcError } from '../errors.ts'
import { decodeWalletShares, encodeWalletShares, wipeKeyShare } from '../key-share/index.ts'
import type { WalletShares } from '../key-share/types.ts'
import { toHex, wipe } from '../util/bytes.ts'
import { corrupt } from './failures.ts'
import { openRecord } from './open-file.ts'
import type { BackupRecord } from '../key-share/backup-record.ts'
import { sealRecord } from './seal-file.ts'
import type { AgeFiles, BackupKeyOptions, BackupKeys, BackupMethod } from './types.ts'
import { keysArgument } from './keys.ts'

/** A backup method with its keys, so that it can be one of several in a file. */
export type KeyedBackupMethod = BackupMethod & BackupKeys

/** Makes keys that `age` understands a backup method. */
export function keyedMethod(age: AgeFiles, keys: BackupKeys): KeyedBackupMethod {
  keysArgument(keys)
  return {
    ...keys,
    seal: (shares, options) =>
      sealShares(shares, options, (record) => sealRecord(age, { ...options, record, methods: [keys] })),
    open: async (cipherText, options) =>
      decodeShares(await openRecord(age, { ...options, cipherText, methods: [keys] })),
  }
}

/**
 * Frames shares for sealing, and wipes the frame.
 *
 * @throws {TypeError} if the shares are of another wallet than the options say
 */
export async function sealShares(
  shares: WalletShares,
  { walletId }: BackupKeyOptions,
  seal: (record: BackupRecord) => Promise<string>,
): Promise<string> {
  if (toHex(shares.walletId) !== walletId) throw new TypeError('the shares are of another wallet than walletId')
  const payload = encodeWalletShares(getGroup, shares)
  try {
    return await seal({ walletId, setId: toHex(shares.setId), createdAt: Date.now(), payload })
  } finally {
    wipe(payload)
  }
}

/**
 * The shares of an opened record; wipes the record.
 *
 * @throws {BACKUP_CORRUPT} if they are not valid shares of the wallet and the set that the record names
 */
export function decodeShares({ walletId, setId, payload }: BackupRecord): WalletShares {
  try {
    const shares = decodeWalletShares(getGroup, payload)
    if (toHex(shares.walletId) === walletId && toHex(shares.setId) === setId) return shares
    shares.shares.forEach(wipeKeyShare)
  } catch (cause) {
    if (!isMpcError(cause)) throw cause
    throw corrupt('its shares are not valid', cause)
  } finally {
    wipe(payload)
  }
  throw corrupt('its shares are not of the set that it names')
}
