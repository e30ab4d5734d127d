import { sha256 } from '../symmetric/sha256.ts'
import { hkdf } from '../symmetric/hkdf.ts'
import { hmacSha256 } from '../symmetric/hmac.ts'
import type { BackupMethodName } from '../types.ts'
import { utf8, wipe } from '../util/bytes.ts'
import { CHOICES, decodeChoices, encodeChoices, type BackupChoice } from './choices.ts'
import { corrupt } from './failures.ts'
import { encodeArgument } from './stanza.ts'
import type { AgeRecipientCode, StanzaArguments } from './types.ts'

/** The header of a backup, as anybody can read it. */
export interface BackupHeader {
  /** The ways to open the backup. */
  readonly choices: readonly BackupChoice[]
  /** Every method that has a part in one of them, once. */
  readonly methods: readonly BackupMethodName[]
  /** Every stanza but the manifest. */
  readonly stanzas: readonly StanzaArguments[]
}

export const MANIFEST_STANZA = 'reshare/v1/manifest'
const MANIFEST = new RegExp(`\n-> ${MANIFEST_STANZA} (${CHOICES}) ([A-Za-z0-9+/]{43})\n\n--- ([A-Za-z0-9+/]{43})\n$`)
const BLANK = 'A'.repeat(43)
const MAX_HEADER_LENGTH = 1 << 16
const MAX_STANZAS = 32

/**
 * A backup is an age file whose last stanza, the manifest, names its methods and holds a checksum of the whole file.
 *
 * age authenticates a file only once a key opens it. The checksum tells damage from a wrong password before any key is
 * tried. It has no key: it finds accidents, not attackers, whom age's own authentication finds.
 *
 * @param encrypt seals with the recipient that it is given last
 * @throws {RangeError} if the header is too large
 */
export async function withManifest(
  choices: readonly BackupChoice[],
  encrypt: (manifest: AgeRecipientCode) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  let fileKey: Uint8Array | undefined
  try {
    const file = await encrypt({
      wrapFileKey(key) {
        wipe(fileKey)
        fileKey = new Uint8Array(key)
        return [{ args: [MANIFEST_STANZA, encodeChoices(choices), BLANK], body: new Uint8Array(0) }]
      },
    })
    const { checksumAt, macAt } = locateSealed(file)
    file.set(utf8(encodeArgument(checksum(file, checksumAt, macAt))), checksumAt)
    // The header has changed, and with it the MAC (C2SP age v1, "Header MAC").
    const macKey = hkdf(fileKey as Uint8Array, undefined, utf8('header'), 32)
    const endOfMacInput = macAt - 1
    file.set(utf8(encodeArgument(hmacSha256(macKey, file.subarray(0, endOfMacInput)))), macAt)
    wipe(macKey)
    return file
  } finally {
    wipe(fileKey)
  }
}

/**
 * Reads the header of a backup and compares the checksum.
 *
 * @throws {BACKUP_CORRUPT} if it is not a backup, or not as it was sealed
 */
export function readHeader(file: Uint8Array): BackupHeader {
  const { header, choicesText, checksumAt, macAt, stored } = locate(file)
  if (encodeArgument(checksum(file, checksumAt, macAt)) !== stored) throw corrupt('its checksum does not fit')
  const stanzas = stanzasOf(header)
  const choices = decodeChoices(choicesText)
  return { choices, methods: [...new Set(choices.flatMap(({ methods }) => methods))], stanzas }
}

/** @throws {BACKUP_CORRUPT} if there are more than {@link MAX_STANZAS} beside the manifest */
function stanzasOf(header: string): readonly StanzaArguments[] {
  const lines = header.split('\n').filter((line) => line.startsWith('-> '))
  if (lines.length > MAX_STANZAS + 1) throw corrupt('it has too many stanzas')
  return lines.slice(0, -1).map((line) => line.split(' ').slice(1))
}

/** {@link locate} in a file that was just made, in which nothing but the number and length of its stanzas can be wrong. */
function locateSealed(file: Uint8Array) {
  try {
    const located = locate(file)
    stanzasOf(located.header)
    return located
  } catch (cause) {
    throw new RangeError('the recipients are too many for one file', { cause })
  }
}

function locate(file: Uint8Array) {
  let text = ''
  for (const byte of file.subarray(0, MAX_HEADER_LENGTH)) text += String.fromCharCode(byte)
  const header = text.slice(0, text.indexOf('\n--- ') + '\n--- '.length + BLANK.length + 1)
  const [manifest, choicesText, stored] = MANIFEST.exec(header) ?? []
  if (manifest === undefined) throw corrupt('it is not a backup of this package')
  const macAt = header.length - 1 - BLANK.length
  const checksumAt = macAt - '\n\n--- '.length - BLANK.length
  return { header, choicesText: choicesText as string, stored, checksumAt, macAt }
}

/** SHA-256 of the file with the checksum and the MAC, which follow from the rest, blanked out. */
function checksum(file: Uint8Array, checksumAt: number, macAt: number): Uint8Array {
  const blanked = file.slice()
  for (const at of [checksumAt, macAt]) blanked.set(utf8(BLANK), at)
  return sha256(blanked)
}
