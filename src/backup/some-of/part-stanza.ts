import type { BackupMethodName } from '../../types.ts'
import type { BackupChoice } from '../choices.ts'
import { corrupt } from '../failures.ts'
import { decodeArgument, encodeArgument } from '../stanza.ts'
import type { StanzaArguments } from '../types.ts'

export const PART_STANZA = 'reshare/v1/part'

export const GROUP_LENGTH = 16
const COMMITMENT_LENGTH = 32

/** A method tries all parts of its name: it derives no more keys than this for one password, and prompts no more often. */
const MAX_ASKING_PARTS = 4
const ASKING = ['PASSWORD', 'PASSKEY'] as const

/** What all parts of a backup have in common. */
export interface PartGroup {
  /** 16 random bytes, fresh for each sealing. */
  readonly id: Uint8Array
  /** How many parts open the backup. */
  readonly needed: number
  /** How many there are: 2 to 16. */
  readonly total: number
}

/** What the stanza of a part says about it. */
export interface PartArguments {
  readonly group: PartGroup
  /** 1 to the number of parts. */
  readonly index: number
  /** What opens the part. */
  readonly method: BackupMethodName
  /** The commitment to the part's share: 32 bytes. */
  readonly commitment: Uint8Array
}

/** `-> reshare/v1/part <group> <k> <n> <index> <method> <commitment>` */
export function encodePartArguments({ group, index, method, commitment }: PartArguments): string[] {
  const { id, needed, total } = group
  return [PART_STANZA, encodeArgument(id), `${needed}`, `${total}`, `${index}`, method, encodeArgument(commitment)]
}

/** @throws {RangeError} if there are too many parts for passwords, or for passkeys */
export function assertAskingParts(methods: readonly BackupMethodName[]): void {
  for (const asking of ASKING) {
    const count = methods.filter((name) => name === asking).length
    if (count > MAX_ASKING_PARTS) throw new RangeError(`at most ${MAX_ASKING_PARTS} parts may be for ${asking}`)
  }
}

/**
 * The parts of a header, which must be exactly those that its manifest promises: each once, in their order.
 *
 * @param sharing what the manifest says about them; undefined if it promises none
 * @throws {BACKUP_CORRUPT} for anything else
 */
export function decodePartArguments(
  stanzas: readonly StanzaArguments[],
  sharing: BackupChoice | undefined,
): readonly PartArguments[] {
  const own = stanzas.filter(([type]) => type === PART_STANZA)
  if (sharing === undefined && own.length === 0) return []
  if (sharing === undefined || own.length !== sharing.methods.length)
    throw corrupt('it has not the parts that it names')
  try {
    assertAskingParts(sharing.methods)
    const id = decodeArgument(own[0]?.[1] as string)
    const group = { id, needed: sharing.needed, total: own.length }
    return own.map((stanza, i) => {
      const part = {
        group,
        index: i + 1,
        method: sharing.methods[i] as BackupMethodName,
        commitment: decodeArgument(stanza[6] as string),
      }
      const isExact = stanza.length === 7 && encodePartArguments(part).every((arg, at) => arg === stanza[at])
      if (!isExact || part.commitment.length !== COMMITMENT_LENGTH || id.length !== GROUP_LENGTH) {
        throw new TypeError('a part is not the one that should be here')
      }
      return part
    })
  } catch (cause) {
    throw corrupt('its parts are malformed', cause)
  }
}
