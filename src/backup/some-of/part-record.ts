import { concatBytes, equalBytes, fromHex, toHex, utf8 } from '../../util/bytes.ts'
import { taggedHash } from '../../util/tagged-hash.ts'
import { tag } from '../../util/tags.ts'
import { corrupt } from '../failures.ts'
import { GROUP_LENGTH, type PartArguments, type PartGroup } from './part-stanza.ts'

/** What a part is when it is open: one share of a file key, and what it is a share of. */
export interface PartRecord {
  /** 16 bytes in hex */
  readonly walletId: string
  readonly group: PartGroup
  readonly index: number
  /** As long as a file key: 16 bytes. Secret. */
  readonly share: Uint8Array
}

const SHARE_LENGTH = 16
const WALLET_ID_LENGTH = 16
const LABEL = utf8('reshare/v1/part')
const NUMBERS_AT = LABEL.length + WALLET_ID_LENGTH + GROUP_LENGTH
const RECORD_LENGTH = NUMBERS_AT + 3 + SHARE_LENGTH

/** The bytes of a record. They hold the share; the caller wipes them. */
export function encodePartRecord({ walletId, group, index, share }: PartRecord): Uint8Array {
  const { id, needed, total } = group
  return concatBytes(LABEL, fromHex(walletId), id, Uint8Array.of(needed, total, index), share)
}

/**
 * The commitment to a share: a hash of it and of all that it belongs to.
 *
 * A share is 16 uniform bytes, so that whoever would guess it has as much to try as for the file key, for which the
 * header's MAC is a test already.
 */
export function commitToShare({ walletId, group, index, share }: PartRecord): Uint8Array {
  const { id, needed, total } = group
  return taggedHash(tag('wallet', 'backup', 'part'), fromHex(walletId), id, needed, total, index, share)
}

/**
 * Reads the record of one of these parts.
 *
 * Only what matches its commitment is taken, so nobody can pass anything off as a part whose share he does not know: the
 * content of a file that was never a part, or a part of another backup.
 *
 * @param bytes secret; the caller wipes them, and the share is a copy
 * @throws {BACKUP_CORRUPT} if it is not the record of one of them; the message says which part it claims to be
 */
export function decodePartRecord(bytes: Uint8Array, parts: readonly PartArguments[]): PartRecord {
  const isRecord = bytes.length === RECORD_LENGTH && equalBytes(bytes.subarray(0, LABEL.length), LABEL)
  if (!isRecord) throw corrupt('what opens is not a part')
  const [needed, total, index] = bytes.subarray(NUMBERS_AT) as unknown as [number, number, number]
  const id = bytes.slice(NUMBERS_AT - GROUP_LENGTH, NUMBERS_AT)
  const part = parts.find((candidate) => candidate.index === index)
  if (part === undefined || !equalBytes(id, part.group.id)) throw corrupt('the part is of another backup')
  const record = {
    walletId: toHex(bytes.subarray(LABEL.length, LABEL.length + WALLET_ID_LENGTH)),
    group: { id, needed, total },
    index,
    share: bytes.slice(NUMBERS_AT + 3),
  }
  if (equalBytes(commitToShare(record), part.commitment)) return record
  record.share.fill(0)
  throw corrupt(`part ${index} does not hold the share that it should`)
}
