import type { BackupMethod } from '../../backup/types.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { encodeWalletShares } from '../../key-share/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { equalBytes, toHex, wipe } from '../../util/bytes.ts'
import { openBy, sealBy } from './backup-method.ts'
import type { Call, Client } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'

/**
 * Seals a backup, opens it again and checks that the result is what was sealed, including share·G against the public
 * record.
 *
 * @throws {BACKUP_CORRUPT} if it is not
 * @throws {MpcError} what the method throws
 */
export async function sealVerified(
  call: Call,
  method: BackupMethod,
  shares: WalletShares,
  onProgress: (fraction: number) => void,
): Promise<string> {
  const walletId = toHex(shares.walletId)
  const { signal } = call.deadline
  const reportHalf = (part: 0 | 1) => (fraction: number) => onProgress((part + fraction) / 2)
  const cipherText = await sealBy(call, method, shares, { walletId, signal, onProgress: reportHalf(0) })
  const opened = await openBy(call, method, cipherText, { walletId, signal, onProgress: reportHalf(1) }).catch(
    notSealed,
  )
  try {
    if (!equalShares(call.client, shares, opened)) throw otherBackup()
  } finally {
    wipeShares(opened)
  }
  return cipherText
}

/** Which wallet the method opened says nothing to the caller, who gave no cipherText. */
function notSealed(cause: unknown): never {
  throw isMpcError(cause, 'BACKUP_OTHER_WALLET') ? otherBackup(cause) : cause
}

function otherBackup(cause?: unknown): MpcError {
  return new MpcError('BACKUP_CORRUPT', 'the sealed backup does not open to what was sealed', { cause })
}

/** Opening has checked s·G = Y against the sealed record, so equal bytes extend that to the record outside. */
function equalShares(client: Client, a: WalletShares, b: WalletShares): boolean {
  const left = encodeWalletShares(client.group, a)
  const right = encodeWalletShares(client.group, b)
  try {
    return equalBytes(left, right)
  } finally {
    wipe(left, right)
  }
}
