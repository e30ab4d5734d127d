import type { BackupMethod } from '../../backup/types.ts'
import { MpcError, isMpcError } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { openBy } from './backup-method.ts'
import type { Deadline } from '../deadline.ts'
import type { ProgressReporter } from '../progress.ts'
import { reconcileWallet } from '../wallets/reconcile.ts'
import type { Call, Client } from '../types.ts'
import type { WalletRecord } from '../wallets/wallet-record.ts'
import { equalKeys, isClientOf, publicKeys, wipeShares } from '../wallet-shares.ts'
import { readWallet } from '../wallets/wallet-store.ts'

/** A cipherText and what opens it. */
interface BackupToOpen {
  readonly method: BackupMethod
  readonly cipherText: string
  /** The wallet that it must belong to, if known. */
  readonly walletId?: string | undefined
}

/**
 * Opens a cipherText and validates its shares. The caller wipes them.
 *
 * @throws {BACKUP_OTHER_WALLET} if it belongs to another one
 * @throws {BACKUP_CORRUPT} if it holds anything but the client's share of a backup
 * @throws {MpcError} what the method throws
 */
export async function openBackupSet(
  call: Call,
  { method, cipherText, walletId }: BackupToOpen,
  progress: ProgressReporter,
): Promise<WalletShares> {
  const shares = await openBy(call, method, cipherText, {
    ...(walletId !== undefined && { walletId }),
    signal: call.deadline.signal,
    onProgress: (fraction) => progress.within(fraction),
  })
  if (isClientOf(shares, 'backup')) return shares
  wipeShares(shares)
  throw new MpcError('BACKUP_CORRUPT', 'this cipherText holds no backup share of a client')
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
