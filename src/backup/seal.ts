import { MpcError } from '../errors.ts'
import { encodeBackupRecord, type BackupRecord } from '../key-share/backup-record.ts'
import { assertObject } from '../util/arguments.ts'
import { equalBytes, wipe } from '../util/bytes.ts'
import { textAge } from './age-keys/text-age.ts'
import { keysArguments } from './keys.ts'
import { openFile } from './open-file.ts'
import { forward, part, type OnProgress } from './progress.ts'
import { sealFile, type SealFileOptions } from './seal-file.ts'
import type { BackupKeys } from './types.ts'

/** What {@link sealBackup} seals. */
export interface SealOptions {
  /** What is sealed. Secret; it stays the caller's. */
  readonly record: BackupRecord
  /** Any one of them opens the cipherText. */
  readonly methods: readonly BackupKeys[]
  /** Receives the fraction of the work that is done, from 0 to 1. */
  readonly onProgress?: OnProgress
  /** Aborts the work. */
  readonly signal?: AbortSignal
}

/**
 * Seals a backup for several methods, and opens what was sealed with each that can, before it gives it away.
 *
 * @returns the cipherText: an age file in ASCII armour, safe to keep on any server
 * @throws {DECRYPT_FAILED | BACKUP_CORRUPT} if a method cannot open what was sealed
 * @throws {PASSWORD_REQUIRED | STORAGE_UNAVAILABLE | ABORTED} as the methods do
 */
export async function sealBackup(sealing: SealOptions): Promise<string> {
  const { record, ...options } = assertObject(sealing, 'sealBackup')
  const { walletId } = assertObject(record, 'record')
  const plaintext = encodeBackupRecord(record)
  try {
    return await sealOpenable({ ...options, plaintext, walletId })
  } finally {
    wipe(plaintext)
  }
}

/** {@link sealBackup} for a record in bytes. */
export async function sealOpenable({ plaintext, walletId, methods, ...options }: SealFileOptions): Promise<string> {
  keysArguments(methods)
  const openers = methods.filter(({ sealsOnly }) => !sealsOnly)
  if (openers.length === 0) throw new TypeError('a backup needs a method that can open it')
  const onProgress = forward(options.onProgress)
  const steps = openers.length + 1
  const sealing = { ...options, plaintext, walletId, methods, onProgress: part(onProgress, 0, steps) }
  const cipherText = await sealFile(textAge, sealing)
  for (const [i, method] of openers.entries()) {
    const check = { ...options, cipherText, methods: [method], walletId, onProgress: part(onProgress, i + 1, steps) }
    const opened = await openFile(textAge, check)
    try {
      if (!equalBytes(plaintext, opened)) throw new MpcError('BACKUP_CORRUPT', 'the sealed backup is not what went in')
    } finally {
      wipe(opened)
    }
  }
  return cipherText
}
