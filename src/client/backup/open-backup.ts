import type { BackupMethod } from '../../backup/types.ts'
import { MpcError, isMpcError } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { openBy } from './backup-method.ts'
import type { Deadline } from '../deadline.ts'
import type { ProgressReporter } from '../progress.ts'
import { reconcileWallet } from '../wallets/reconcile.ts'
import type { Client } from '../types.ts'
import type { WalletRecord } from '../wallets/wallet-record.ts'
import { equalKeys, isClientOf, publicKeys, wipeShares } from '../wallet-shares.ts'
import { readWallet } from '../wallets/wallet-store.ts'

/**
 * Opens a cipherText and validates its shares. The caller wipes them.
 *
 * @param walletId the wallet that it must belong to, if known
 * @throws {BACKUP_OTHER_WALLET} if it belongs to another one
 * @throws {BACKUP_CORRUPT} if it holds anything but the client's share of a backup
 * @throws {MpcError} what the method throws
 */
export async function openBackupSet(
  deadline: Deadline,
  method: BackupMethod,
  cipherText: string,
  walletId: string | undefined,
  progress: ProgressReporter,
): Promise<WalletShares> {
  const shares = await openBy(deadline, method, cipherText, {
    ...(walletId !== undefined && { walletId }),
    signal: deadline.signal,
    onProgress: (fraction) => progress.within(fraction),
  })
  try {
    if (!isClientOf(shares, 'backup')) {
      throw new MpcError('BACKUP_CORRUPT', 'this cipherText holds no backup share of a client')
    }
    if (walletId !== undefined && toHex(shares.walletId) !== walletId) {
      throw new MpcError('BACKUP_OTHER_WALLET', 'this cipherText is the backup of another wallet')
    }
    return shares
  } catch (error) {
    wipeShares(shares)
    throw error
  }
}

/**
 * Finishes what earlier actions left unfinished for the wallet that is about to be recovered.
 *
 * @throws {SET_MISMATCH} if this device knows the wallet with other public keys than the backup's
 */
export async function readKnownWallet(client: Client, deadline: Deadline, backup: WalletShares): Promise<void> {
  const walletId = toHex(backup.walletId)
  const known = await reconcileIfPossible(client, deadline, walletId)
  if (known !== undefined && !equalKeys(known.publicKeys, publicKeys(client, backup))) {
    throw new MpcError('SET_MISMATCH', 'this device knows the wallet by other public keys than the backup has')
  }
}

async function reconcileIfPossible(
  client: Client,
  deadline: Deadline,
  walletId: string,
): Promise<WalletRecord | undefined> {
  try {
    return await reconcileWallet(client, deadline, walletId, { soon: true })
  } catch (error) {
    // Trouble with this device's own set must not prevent recovery.
    deadline.check()
    if (!isMpcError(error)) throw error
  }
  try {
    return await readWallet(client, walletId)
  } catch (error) {
    deadline.check()
    if (isMpcError(error, 'SHARE_PARSING_FAILED')) return undefined
    throw error
  }
}
