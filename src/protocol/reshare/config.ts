import type { Group } from '../../curve/group.ts'
import { nameOfCode, PURPOSE_CODES, ROLE_CODES } from '../../share/codes.ts'
import { decodeShareSetRecord, encodeShareSetRecord, findParty } from '../../share/record.ts'
import type { ShareSetRecord } from '../../share/types.ts'
import { partyId, type PartyId, type Purpose } from '../../types.ts'
import { equalBytes } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import { readNewParty } from '../keygen/config.ts'
import type { NewParty } from '../keygen/types.ts'
import { assertDistinctIds, assertThreshold } from '../options.ts'
import type { ReshareOptions, ReshareParticipant } from './types.ts'

const RECORD_MAX_LENGTH = 1 << 14

/** What the participants of a reshare agree on, checked. */
export interface ReshareConfig {
  readonly old: ShareSetRecord
  readonly purpose: Purpose
  readonly threshold: number
  readonly participants: readonly ReshareParticipant[]
  readonly self: number
  readonly flags: number
}

/**
 * @throws {TypeError | RangeError} for a record of another curve, dealers that are not in the old set, stand twice or
 *   are too few, receivers' ids outside 1..255 or twice, a threshold outside 2..n', a participant without a part, a
 *   `self` that is not among the participants, or a share that is not the one `self` deals
 */
export function checkReshareOptions(options: ReshareOptions): ReshareConfig {
  const { group, old, purpose, threshold, participants, self, share, flags = 0 } = options
  if (old.curve !== group.curve) throw new RangeError(`a set on ${old.curve} cannot be dealt on ${group.curve}`)
  if (!Object.hasOwn(PURPOSE_CODES, purpose)) throw new TypeError(`unknown purpose ${purpose}`)
  if (!Number.isInteger(flags) || flags < 0 || flags > 0xffffffff) throw new RangeError(`flags out of range: ${flags}`)
  checkParticipants(old, participants)
  assertThreshold(threshold, receiversOf(participants).length)
  const own = participants[self - 1]
  if (own === undefined) throw new RangeError(`participant ${self} is not among the participants`)
  if ((own.dealer === undefined) !== (share === undefined)) throw new TypeError('exactly a dealer brings its share')
  if (share !== undefined && (share.id !== own.dealer || !equalBytes(share.record.setId, old.setId))) {
    throw new RangeError('the share is not the one that this participant deals')
  }
  return { old, purpose, threshold, participants: participants.map(copyParticipant), self, flags }
}

function checkParticipants(old: ShareSetRecord, participants: readonly ReshareParticipant[]): void {
  if (participants.length > 255) throw new RangeError('at most 255 participants')
  for (const { dealer, receiver } of participants) {
    if (dealer === undefined && receiver === undefined) throw new TypeError('a participant deals, receives, or both')
    if (dealer !== undefined && findParty(old, dealer) === undefined) {
      throw new RangeError(`the old set has no party ${dealer}`)
    }
    if (receiver !== undefined && !Object.hasOwn(ROLE_CODES, receiver.role))
      throw new TypeError(`unknown role ${receiver.role}`)
  }
  const dealers = dealersOf(participants)
  assertDistinctIds(dealers)
  if (dealers.length < old.threshold) {
    throw new RangeError(`${dealers.length} dealers do not meet threshold ${old.threshold}`)
  }
  assertDistinctIds(receiversOf(participants).map(({ id }) => id))
}

function copyParticipant({ dealer, receiver }: ReshareParticipant): ReshareParticipant {
  return { dealer, receiver: receiver && { id: receiver.id, role: receiver.role } }
}

/** The old ids of the dealers, by participant number. */
export function dealersOf(participants: readonly ReshareParticipant[]): PartyId[] {
  return participants.flatMap(({ dealer }) => (dealer === undefined ? [] : [dealer]))
}

/** The parties of the new set, by participant number. */
export function receiversOf(participants: readonly ReshareParticipant[]): NewParty[] {
  return participants.flatMap(({ receiver }) => (receiver === undefined ? [] : [receiver]))
}

/** `length u32 | old record | purpose u8 | t' u8 | flags u32 | self u8 | count u8 | count × participant` */
export function writeReshareConfig(group: Group, writer: Writer, config: ReshareConfig): void {
  writer
    .prefixed(encodeShareSetRecord(group, config.old))
    .u8(PURPOSE_CODES[config.purpose])
    .u8(config.threshold)
    .u32(config.flags)
    .u8(config.self)
    .u8(config.participants.length)
  for (const { dealer, receiver } of config.participants) {
    writer.u8(dealer ?? 0).u8(receiver === undefined ? 0 : 1)
    if (receiver !== undefined) writer.u8(receiver.id).u8(ROLE_CODES[receiver.role])
  }
}

/** @throws {CodecError | SHARE_PARSING_FAILED} for anything but what {@link writeReshareConfig} wrote on this curve */
export function readReshareConfig(group: Group, reader: Reader): ReshareConfig {
  const old = decodeShareSetRecord((curve) => {
    if (curve !== group.curve) throw new CodecError('session state of another curve')
    return group
  }, reader.prefixed(RECORD_MAX_LENGTH))
  const purpose = nameOfCode(PURPOSE_CODES, reader.u8())
  const threshold = reader.u8()
  const flags = reader.u32()
  const self = reader.u8()
  const count = reader.u8()
  const participants: ReshareParticipant[] = []
  for (let i = 0; i < count; i++) participants.push(readParticipant(reader))
  if (self < 1 || self > count) throw new CodecError('inconsistent session state')
  return { old, purpose, threshold, participants, self, flags }
}

function readParticipant(reader: Reader): ReshareParticipant {
  const dealer = reader.u8()
  const receives = reader.u8()
  return {
    dealer: dealer === 0 ? undefined : partyId(dealer),
    receiver: receives === 0 ? undefined : readNewParty(reader),
  }
}
