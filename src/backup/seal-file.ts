import { wipe } from '../util/bytes.ts'
import { encodeArmor } from './armor.ts'
import { throwIfAborted } from './failures.ts'
import { withManifest } from './manifest.ts'
import { forward, part, type OnProgress } from './progress.ts'
import { encodeBackupRecord, type BackupRecord } from '../key-share/backup-record.ts'
import type { AgeFiles, AgeRecipient, BackupKeys } from './types.ts'

/** What `sealBackup` seals. */
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

/** Seals without opening what was sealed: the caller does. */
export async function sealRecord(age: AgeFiles, { record, methods, signal, ...options }: SealOptions): Promise<string> {
  if (methods.length === 0) throw new TypeError('a backup needs a method')
  const onProgress = forward(options.onProgress)
  const plaintext = encodeBackupRecord(record)
  try {
    const recipients = await recipientsOf({ record, methods, onProgress, ...(signal && { signal }) })
    const names = methods.map(({ name }) => name)
    const file = await withManifest(names, (manifest) => age.encrypt(plaintext, [...recipients, manifest], signal))
    throwIfAborted(signal)
    onProgress(1)
    return encodeArmor(file)
  } finally {
    wipe(plaintext)
  }
}

async function recipientsOf({ record, methods, onProgress = () => {}, signal }: SealOptions): Promise<AgeRecipient[]> {
  const recipients: AgeRecipient[] = []
  for (const [i, method] of methods.entries()) {
    throwIfAborted(signal)
    const work = { onProgress: part(onProgress, i, methods.length), ...(signal && { signal }) }
    const own = await method.recipients({ walletId: record.walletId, ...work })
    if (own.length === 0) throw new TypeError(`the method ${method.name} gave no recipient`)
    recipients.push(...own)
  }
  return recipients
}
