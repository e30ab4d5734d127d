import { abytes } from '../util/bytes.ts'
import { encodeArmor, MAX_CIPHER_TEXT_LENGTH } from './armor.ts'
import { sharingsOf } from './choices.ts'
import { recipientsArgument } from './keys.ts'
import { throwIfAborted } from './failures.ts'
import { withManifest } from './manifest.ts'
import { forward, part, type OnProgress } from './progress.ts'
import type { AgeFiles, AgeRecipient, BackupKeys } from './types.ts'

/** What {@link sealFile} seals. */
export interface SealFileOptions {
  /** Secret; the caller wipes it. */
  readonly plaintext: Uint8Array
  /** 16 bytes in hex */
  readonly walletId: string
  /** Any one of them opens the cipherText. */
  readonly methods: readonly BackupKeys[]
  /** Receives the fraction of the work that is done, from 0 to 1. */
  readonly onProgress?: OnProgress
  /** Aborts the work. */
  readonly signal?: AbortSignal
}

/**
 * Seals without opening what was sealed: the caller does.
 *
 * @throws {RangeError} if the cipherText would be one that `openFile` refuses: the plaintext or its recipients are too much
 */
export async function sealFile(age: AgeFiles, { plaintext, signal, ...options }: SealFileOptions): Promise<string> {
  const { walletId, methods } = options
  abytes(plaintext, undefined, 'plaintext')
  if (methods.length === 0) throw new TypeError('a backup needs a method')
  const choices = methods.map(({ name, choice }) => choice ?? { needed: 1, methods: [name] })
  if (sharingsOf(choices).length > 1) throw new TypeError('a backup may have one someOf among its methods')
  const onProgress = forward(options.onProgress)
  const recipients = await recipientsOf(walletId, methods, onProgress, signal)
  try {
    const file = await withManifest(choices, (manifest) => age.encrypt(plaintext, [...recipients, manifest], signal))
    throwIfAborted(signal)
    const cipherText = encodeArmor(file)
    if (cipherText.length > MAX_CIPHER_TEXT_LENGTH) throw new RangeError('what is sealed is too long for a backup')
    onProgress(1)
    return cipherText
  } catch (error) {
    for (const recipient of recipients) if (typeof recipient === 'object') recipient.discard?.()
    throw error
  }
}

async function recipientsOf(
  walletId: string,
  methods: readonly BackupKeys[],
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<AgeRecipient[]> {
  const recipients: AgeRecipient[] = []
  for (const [i, method] of methods.entries()) {
    throwIfAborted(signal)
    const work = { onProgress: part(onProgress, i, methods.length), ...(signal && { signal }) }
    recipients.push(...recipientsArgument(await method.recipients({ walletId, ...work }), method.name))
  }
  return recipients
}
