import { assertObject } from '../arguments.ts'
import type { BackupInput } from '../backup/backup-source.ts'
import { recoverWallet, type RecoveredWallet, type RecoverWalletOptions } from './recover-wallet.ts'
import type { Client } from '../types.ts'

/** Parameters of {@link provisionWallet}: those of {@link recoverWallet} without what it decides itself. */
export type ProvisionWalletParameters = Omit<RecoverWalletOptions, 'existingSets' | 'dryRun'> & BackupInput

/**
 * Gives another device of the same user a signing set: {@link recoverWallet} with `existingSets: 'keep'`.
 *
 * @throws {MpcError} as {@link recoverWallet}
 *
 * @example
 * const wallet = await provisionWallet(laptop, { cipherText, method: password(secret) })
 */
export async function provisionWallet(client: Client, options: ProvisionWalletParameters): Promise<RecoveredWallet> {
  assertObject(options, 'provisionWallet')
  return recoverWallet(client, { ...options, existingSets: 'keep', dryRun: false })
}
