import { MpcError } from '../errors.ts'
import { assertObject } from '../util/arguments.ts'
import { equalBytes, wipe } from '../util/bytes.ts'
import { libraryAge } from './age-library.ts'
import { keysArguments } from './keys.ts'
import { openBackup } from './open.ts'
import { forward, part } from './progress.ts'
import { encodeBackupRecord, type BackupRecord } from '../key-share/backup-record.ts'
import { sealRecord, type SealOptions } from './seal-file.ts'

/**
 * Seals a backup for several methods, and opens what was sealed with each that can, before it gives it away.
 *
 * @returns the cipherText: an age file in ASCII armour, safe to keep on any server
 * @throws {DECRYPT_FAILED | BACKUP_CORRUPT} if a method cannot open what was sealed
 * @throws {PASSWORD_REQUIRED | STORAGE_UNAVAILABLE | ABORTED} as the methods do
 */
export async function sealBackup(sealing: SealOptions): Promise<string> {
  const { record, methods, signal, ...options } = assertObject(sealing, 'sealBackup')
  assertObject(record, 'record')
  keysArguments(methods)
  const openers = methods.filter(({ sealsOnly }) => !sealsOnly)
  if (openers.length === 0) throw new TypeError('a backup needs a method that can open it')
  const onProgress = forward(options.onProgress)
  const work = { ...(signal && { signal }) }
  const steps = openers.length + 1
  const cipherText = await sealRecord(libraryAge, { record, methods, onProgress: part(onProgress, 0, steps), ...work })
  for (const [i, method] of openers.entries()) {
    const { walletId } = record
    const check = { cipherText, methods: [method], walletId, onProgress: part(onProgress, i + 1, steps), ...work }
    const opened = await openBackup(check)
    try {
      if (!equalRecords(record, opened)) throw new MpcError('BACKUP_CORRUPT', 'the sealed backup is not what went in')
    } finally {
      wipe(opened.payload)
    }
  }
  return cipherText
}

function equalRecords(a: BackupRecord, b: BackupRecord): boolean {
  const [left, right] = [encodeBackupRecord(a), encodeBackupRecord(b)]
  try {
    return equalBytes(left, right)
  } finally {
    wipe(left, right)
  }
}
