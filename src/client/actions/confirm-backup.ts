import { assertObject, setIdArgument } from '../arguments.ts'
import { postConfirm } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client } from '../types.ts'

export interface ConfirmBackupParameters extends ActionOptions {
  /** The backup set: 32 bytes in lower-case hex, as {@link backupWallet} gave it. */
  readonly setId: string
}

/**
 * Tells the server that the app has stored a backup's cipherText durably; only then is the backup set active and the
 * one before it superseded. May be repeated.
 *
 * @throws {AUTH_FAILED} if this client has no such backup
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED} if the custodian has lost its half: make another backup; the one before
 * it stays
 * @throws {WEBHOOK_FAILED} if the custodian could not be reached; the one before it stays
 * @throws {BACKUP_SUPERSEDED} if a later backup was confirmed before
 * @throws {POLICY_DENIED | NETWORK_ERROR | TIMEOUT | ABORTED}
 *
 * @example
 * await confirmBackup(client, { setId })
 */
export async function confirmBackup(client: Client, options: ConfirmBackupParameters): Promise<void> {
  const setId = setIdArgument(assertObject(options, 'confirmBackup').setId)
  await withDeadline(client, options, (deadline) => postConfirm(client, deadline, setId))
}

/** A sealed backup that waits until the app has stored it. */
export interface PendingBackup {
  /** The client's backup share, sealed: safe to keep on the app's own server. */
  readonly cipherText: string
  /** The backup set: 32 bytes in lower-case hex. */
  readonly setId: string
  /** {@link confirmBackup} for this set: call it once the cipherText is stored durably. */
  readonly confirm: (options?: ActionOptions) => Promise<void>
}

/** Binds a sealed backup to its confirmation. */
export function pendingBackup(client: Client, cipherText: string, setId: string): PendingBackup {
  return { cipherText, setId, confirm: (options) => confirmBackup(client, { ...options, setId }) }
}
