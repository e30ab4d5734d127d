import { textAge } from './age-keys/text-age.ts'
import { readBackupRecord, type BackupRecord } from '../key-share/backup-record.ts'
import { wipe } from '../util/bytes.ts'
import { openFile, type OpenOptions } from './open-file.ts'

/**
 * Opens a backup.
 *
 * Whether it was superseded the file cannot know: ask the server about the `setId` of the record.
 *
 * @returns the record; the caller wipes its payload
 * @throws {WRONG_PASSWORD} if it is for a password, and not for this one
 * @throws {PASSWORD_REQUIRED} if it opens with a password only, and none was given
 * @throws {DECRYPT_FAILED} if no method opens it; the message says which ones would
 * @throws {BACKUP_PARTS_MISSING} if too few methods of a `someOf` open their parts
 * @throws {BACKUP_CORRUPT} if it is damaged, or not a backup
 * @throws {BACKUP_OTHER_WALLET} if it opens, and is the backup of another wallet
 * @throws {STORAGE_UNAVAILABLE} if the place of a key cannot be read, or a passkey was not used
 * @throws {OUT_OF_MEMORY} if there is no memory for the key of a password
 * @throws {ABORTED} if the signal was aborted
 */
export async function openBackup(options: OpenOptions): Promise<BackupRecord> {
  const plaintext = await openFile(textAge, options)
  try {
    return readBackupRecord(plaintext, options.walletId)
  } finally {
    wipe(plaintext)
  }
}
