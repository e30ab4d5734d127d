import { armor, Encrypter } from 'age-encryption'
import { MpcError } from '../errors.ts'
import { equalBytes, wipe } from '../util/bytes.ts'
import { throwIfAborted } from './failures.ts'
import { withManifest } from './manifest.ts'
import { openBackup } from './open.ts'
import { forward, part, type OnProgress } from './progress.ts'
import { encodeBackupRecord, type BackupRecord } from './record.ts'
import type { AgeRecipient, BackupKeys } from './types.ts'
import { EPHEMERAL_KEY_ATTEMPTS, isRefusedKey } from './x25519.ts'
import { parameters } from '../util/arguments.ts'
import { keysArguments } from './keys.ts'

/** What {@link sealBackup} seals. */
export interface SealOptions {
  readonly record: BackupRecord
  /** Any one of them opens the cipherText. */
  readonly methods: readonly BackupKeys[]
  readonly onProgress?: OnProgress
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
  const { record, methods, signal, ...options } = parameters(sealing, 'sealBackup')
  parameters(record, 'record')
  keysArguments(methods)
  const openers = methods.filter(({ sealsOnly }) => !sealsOnly)
  if (openers.length === 0) throw new TypeError('a backup needs a method that can open it')
  const onProgress = forward(options.onProgress)
  const work = { ...(signal && { signal }) }
  const steps = openers.length + 1
  const cipherText = await sealRecord({ record, methods, onProgress: part(onProgress, 0, steps), ...work })
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

/** Seals without opening what was sealed: the caller does. */
export async function sealRecord({ record, methods, signal, ...options }: SealOptions): Promise<string> {
  if (methods.length === 0) throw new TypeError('a backup needs a method')
  const onProgress = forward(options.onProgress)
  const plaintext = encodeBackupRecord(record)
  try {
    const recipients = await recipientsOf({ record, methods, onProgress, ...(signal && { signal }) })
    const names = methods.map(({ name }) => name)
    const file = await withManifest(names, (manifest) => encrypt(plaintext, [...recipients, manifest], signal))
    throwIfAborted(signal)
    onProgress(1)
    return armor.encode(file)
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

async function encrypt(
  plaintext: Uint8Array,
  recipients: readonly AgeRecipient[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal)
    try {
      return await encrypter.encrypt(plaintext)
    } catch (error) {
      if (!isRefusedKey(error) || attempt === EPHEMERAL_KEY_ATTEMPTS) throw error
    }
  }
}

function equalRecords(a: BackupRecord, b: BackupRecord): boolean {
  const [left, right] = [encodeBackupRecord(a), encodeBackupRecord(b)]
  try {
    return equalBytes(left, right)
  } finally {
    wipe(left, right)
  }
}
