import type { BackupMethod } from '../../backup/types.ts'
import { MpcError } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { openBy } from './backup-method.ts'
import type { ProgressReporter } from '../progress.ts'
import type { Call } from '../types.ts'
import { isClientOf, wipeShares } from '../wallet-shares.ts'

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
