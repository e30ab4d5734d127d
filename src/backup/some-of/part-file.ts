import { isMpcError } from '../../errors.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import { readStanzas } from '../age-file.ts'
import { textAge } from '../age-keys/text-age.ts'
import { decodeArmor, encodeArmor } from '../armor.ts'
import { decodeChoices, sharingsOf } from '../choices.ts'
import { corrupt } from '../failures.ts'
import { MANIFEST_STANZA, readHeader } from '../manifest.ts'
import { CLOUD_STANZA } from '../methods/cloud-stanza.ts'
import { PASSWORD_STANZA } from '../methods/password-stanza.ts'
import { openFile } from '../open-file.ts'
import { decodePartRecord, encodePartRecord, type PartRecord } from './part-record.ts'
import { decodePartArguments, PART_STANZA, type PartArguments } from './part-stanza.ts'
import type { OnProgress } from '../progress.ts'
import { sealFile } from '../seal-file.ts'
import type { AgeStanza, BackupKeys } from '../types.ts'

// A part is an age file of its own, sealed by its method as any backup is, whose plaintext is a part record. It is the
// body of the part's stanza.

/** A part of a file that is to be opened. */
export interface Part extends PartArguments {
  readonly file: Uint8Array
}

/** What the work on a part is told. */
export interface PartWork {
  /** The wallet, where it is known: 16 bytes in hex. */
  readonly walletId?: string
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * The parts of a backup.
 *
 * @throws {BACKUP_CORRUPT} unless they are exactly those that the manifest promises
 */
export function readParts(stanzas: readonly AgeStanza[]): readonly Part[] {
  const [type, choices = ''] = stanzas.at(-1)?.args ?? []
  const [sharing] = type === MANIFEST_STANZA ? sharingsOf(decodeChoices(choices)) : []
  const files = stanzas.filter(({ args }) => args[0] === PART_STANZA).map(({ body }) => body)
  const parts = decodePartArguments(
    stanzas.map(({ args }) => args),
    sharing,
  )
  return parts.map((part, i) => ({ ...part, file: files[i] as Uint8Array }))
}

/**
 * The parts of a whole file; none if it has no parts.
 *
 * @throws {BACKUP_CORRUPT} if it is damaged
 */
export function partsOfFile(file: Uint8Array): readonly Part[] {
  readHeader(file)
  try {
    return readParts(readStanzas(file))
  } catch (cause) {
    throw isMpcError(cause) ? cause : corrupt('its header is malformed', cause)
  }
}

/** Seals a part by its method, whose recipients are asked once. */
export async function sealPart(record: PartRecord, method: BackupKeys, work: PartWork): Promise<Uint8Array> {
  const plaintext = encodePartRecord(record)
  try {
    return decodeArmor(await sealFile(textAge, { ...work, plaintext, walletId: record.walletId, methods: [method] }))
  } finally {
    wipe(plaintext)
  }
}

/**
 * Opens a part by a method.
 *
 * @param parts all of the backup: what opens must be a share of this one
 * @throws {BACKUP_CORRUPT} if the part is damaged, or holds another share than it should
 * @throws {MpcError} as `openBackup` does
 */
export async function openPartFile(
  part: Part,
  parts: readonly PartArguments[],
  method: BackupKeys,
  work: PartWork,
): Promise<PartRecord> {
  assertPartFile(part)
  const options = { ...work, cipherText: encodeArmor(part.file), methods: [method] }
  const plaintext = await openFile(textAge, options)
  try {
    return decodePartRecord(
      plaintext,
      parts.filter(({ index }) => index === part.index),
    )
  } finally {
    wipe(plaintext)
  }
}

/**
 * The file must be for its method alone, and must not have parts itself; it costs one key derivation or one key of a cloud
 * at most.
 */
function assertPartFile({ file, method }: Part): void {
  const { choices, stanzas } = readHeader(file)
  const [choice, ...others] = choices
  const isForMethod = choice?.needed === 1 && choice.methods.join() === method && others.length === 0
  const count = (wanted: string) => stanzas.filter(([type]) => type === wanted).length
  if (!isForMethod || count(PASSWORD_STANZA) > 1 || count(CLOUD_STANZA) > 1) {
    throw corrupt('a part is not for its method')
  }
  if (stanzas.length === 0) throw corrupt('a part is for nobody')
}

/**
 * Asserts that a part that was just sealed is one that {@link openPartFile} takes.
 *
 * @throws {RangeError} if its method has sealed it for nobody, or for more keys than a part may have
 */
export function assertSealedPart(part: Part): void {
  try {
    assertPartFile(part)
  } catch (cause) {
    throw new RangeError(`the method ${part.method} sealed a part for nobody, or for too many keys`, { cause })
  }
}

/** Whether two lists of parts have the same files. */
export function sameFiles(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((file, i) => equalBytes(file, b[i] as Uint8Array))
}
