import { isMpcError, MpcError } from '../../errors.ts'
import { assertObject } from '../../util/arguments.ts'
import { toHex, utf8, wipe } from '../../util/bytes.ts'
import { taggedHash } from '../../util/tagged-hash.ts'
import { tag } from '../../util/tags.ts'
import { createAgeKey } from '../age-keys/create.ts'
import { textAge } from '../age-keys/text-age.ts'
import { encodeArmor } from '../armor.ts'
import { throwIfAborted } from '../failures.ts'
import { keysArgument } from '../keys.ts'
import { dearmor, openFile } from '../open-file.ts'
import { openPartFile, partsOfFile, sealPart, type PartWork } from './part-file.ts'
import type { PartRecord } from './part-record.ts'
import { mostTellingFailure, type PartFailure } from './parts-missing.ts'
import type { BackupKeys } from '../types.ts'
import { custom } from '../methods/custom.ts'
import type { AgeKeyKind } from '../age-keys/kind.ts'

// How a guardian opens a part for somebody else: the recovering device makes a key (createPartReceiver), the guardian
// opens the part and seals it to that key (openPart), and the device takes it as a method of someOf (guardianPart).

/** A key that a recovering device makes to receive parts. */
export interface PartReceiver {
  /** An age recipient, for the guardians: not secret, but they must be sure whose it is. */
  readonly recipient: string
  /** The age identity that opens what they send. Secret; for one recovery. */
  readonly identity: string
}

/**
 * Makes the key to which guardians seal their parts, for one recovery.
 *
 * @param options.kind the kind of key, such as `hybrid` of `reshare/backup/post-quantum`, against quantum computers to come.
 *   Default: X25519, whose recipient is short enough to be typed
 */
export async function createPartReceiver(options: { readonly kind?: AgeKeyKind } = {}): Promise<PartReceiver> {
  return createAgeKey(assertObject(options, 'createPartReceiver'))
}

/**
 * 80 bits of a hash of a recipient, as five groups of four hexadecimal digits. The user reads it from the recovering
 * device to each guardian, who compares it with what came with the request: whoever exchanges the recipient on its way
 * would get the part.
 */
export function recipientFingerprint(recipient: string): string {
  if (typeof recipient !== 'string' || recipient === '') throw new TypeError('recipient must be an age recipient')
  const digits = toHex(taggedHash(tag('wallet', 'backup', 'recipient'), utf8(recipient)).subarray(0, 10))
  return (digits.match(/.{4}/g) as string[]).join(' ')
}

/** What {@link openPart} opens, and for whom. */
export interface OpenPartOptions {
  /** The backup that is to be recovered. */
  readonly cipherText: string
  /** The guardian's own method. */
  readonly method: BackupKeys
  /** Of the recovering device, from {@link createPartReceiver}. Compare its {@link recipientFingerprint} first. */
  readonly recipient: string
  /** A kind of recipient that is understood beside X25519, such as `hybrid` of `reshare/backup/post-quantum`. */
  readonly kind?: AgeKeyKind
  /** Where given, the wallet that the part must be of: 16 bytes in hex. */
  readonly walletId?: string
  /** Receives the fraction of the work that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
  /** Aborts the work. */
  readonly signal?: AbortSignal
}

/** A part of a backup, sealed to the device that recovers. */
export interface HandedPart {
  /** For {@link guardianPart} on that device, which alone can open it. */
  readonly text: string
  /** The wallet that it recovers, as the device that made the backup wrote it: 16 bytes in hex. */
  readonly walletId: string
  /** Which part it is, from 1. */
  readonly part: number
  /** How many parts open the backup. */
  readonly needed: number
  /** How many there are. */
  readonly total: number
}

/**
 * Opens a guardian's part of a `someOf` backup, and seals it to the device that recovers. The guardian's key stays where it
 * is.
 *
 * The guardian should compare the wallet with the one that he agreed to guard, before he sends the text away.
 *
 * @throws {TypeError} if the recipient is no age recipient
 * @throws {BACKUP_CORRUPT} if the backup or the part is damaged, or what opens is no part of this backup
 * @throws {BACKUP_OTHER_WALLET} if it is a part for another wallet than the given one
 * @throws {DECRYPT_FAILED} if no part is for this method
 * @throws {MpcError} as `openBackup` does
 */
export async function openPart(options: OpenPartOptions): Promise<HandedPart> {
  const { cipherText, method, recipient, kind, walletId, onProgress, signal } = assertObject(options, 'openPart')
  keysArgument(method)
  // Code as a recipient has no fingerprint that the guardian could have compared.
  if (typeof recipient !== 'string') throw new TypeError('recipient must be the text of an age recipient')
  const receiver = custom({ recipients: [recipient], ...(kind && { kind }) })
  const work = { ...(walletId && { walletId }), ...(onProgress && { onProgress }), ...(signal && { signal }) }
  const record = await openOwnPart(cipherText, method, work)
  try {
    throwIfAborted(signal)
    const { group, index: part } = record
    if (walletId !== undefined && record.walletId !== walletId) {
      throw new MpcError('BACKUP_OTHER_WALLET', 'the part is for another wallet')
    }
    const text = encodeArmor(await sealPart(record, receiver, signal ? { signal } : {}))
    return { text, walletId: record.walletId, part, needed: group.needed, total: group.total }
  } finally {
    wipe(record.share)
  }
}

async function openOwnPart(cipherText: string, method: BackupKeys, work: PartWork): Promise<PartRecord> {
  const parts = partsOfFile(dearmor(cipherText))
  const failures: PartFailure[] = []
  for (const part of parts.filter(({ method: name }) => name === method.name)) {
    try {
      return await openPartFile(part, parts, method, work)
    } catch (error) {
      if (!isMpcError(error, 'DECRYPT_FAILED', 'WRONG_PASSWORD', 'BACKUP_CORRUPT')) throw error
      failures.push({ position: 0, method: method.name, parts: [part.index], error })
    }
  }
  throw mostTellingFailure(failures)?.error ?? new MpcError('DECRYPT_FAILED', `no part is for ${method.name}`)
}

/**
 * A part that a guardian has opened, as a method of `someOf` that opens.
 *
 * @param text from {@link openPart}
 * @param options.identity of the {@link PartReceiver} to whose recipient it was sealed
 * @param options.kind of that key, if it is not X25519
 * @throws {TypeError} if an argument is of the wrong type
 *
 * @example
 * const method = someOf(2, partTexts.map((text) => guardianPart(text, receiver)))
 */
export function guardianPart(
  text: string,
  options: { readonly identity: string; readonly kind?: AgeKeyKind },
): BackupKeys {
  if (typeof text !== 'string') throw new TypeError('text must be a part that was handed over')
  const { identity, kind } = assertObject(options, 'guardianPart')
  const receiver = custom({ identities: [identity], ...(kind && { kind }) })
  const refuse = async () => {
    throw new TypeError('a part that was handed over cannot seal')
  }
  return {
    name: 'CUSTOM',
    probe: refuse,
    recipients: refuse,
    identities: async () => [],
    handedPart: ({ signal }) => openFile(textAge, { cipherText: text, methods: [receiver], ...(signal && { signal }) }),
  }
}
