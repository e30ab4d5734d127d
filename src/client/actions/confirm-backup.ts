import { assertObject, setIdArgument } from '../arguments.ts'
import { postConfirm } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client } from '../types.ts'

export interface ConfirmBackupParameters extends ActionOptions {
  /** The backup set: 32 bytes in lower-case hex, as returned by {@link backupWallet}. */
  readonly setId: string
}

/**
 * Confirms that the app has stored a backup's cipherText durably. Only then does the backup set become active and
 * supersede the previous one. May be repeated.
 *
 * @throws {AUTH_FAILED} if this client has no such backup
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED} if the custodian has lost its share: make another backup; the
 * previous one stays active
 * @throws {WEBHOOK_FAILED} if the custodian could not be reached; the previous one stays active
 * @throws {BACKUP_SUPERSEDED} if a newer backup has already been confirmed
 * @throws {POLICY_DENIED | NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED}
 *
 * @example
 * await confirmBackup(client, { setId })
 */
export async function confirmBackup(client: Client, options: ConfirmBackupParameters): Promise<void> {
  const setId = setIdArgument(assertObject(options, 'confirmBackup').setId)
  await withDeadline(client, options, (deadline) => postConfirm(client, deadline, setId))
}

/** A sealed backup that the app has yet to store and confirm. */
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
