import { PURPOSE_CODES, ROLE_CODES } from '../../key-share/codes.ts'
import { findParty } from '../../key-share/record.ts'
import type { ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId, Purpose } from '../../types.ts'
import { abytes, equalBytes } from '../../util/bytes.ts'
import type { NewParty } from '../keygen/types.ts'
import { assertDistinctIds, assertThreshold } from '../session/participants.ts'
import type { ReshareOptions, ReshareParticipant, ReshareTerms } from './types.ts'

/** The terms of a reshare, after they were checked. */
export interface ReshareConfig {
  /** The set that is dealt from. */
  readonly old: ShareSetRecord
  /** What the new set is for. */
  readonly purpose: Purpose
  /** t' */
  readonly threshold: number
  /** By participant number. */
  readonly participants: readonly ReshareParticipant[]
  /** This participant's number, from 1. */
  readonly self: number
  /** Below 2^32. */
  readonly flags: number
  /** 32 bytes; undefined for none. */
  readonly binding: Uint8Array | undefined
}

/**
 * Checks the terms of a reshare, and copies them.
 *
 * @param old the set that is dealt from
 * @throws {TypeError | RangeError} for a record of another curve; dealers that are not in the old set, are repeated or
 *   are fewer than its threshold; receivers' ids that are repeated or outside 1..255; a threshold outside 2..n'; a
 *   participant that neither deals nor receives; or a `self` that is not among the participants
 */
export function checkReshareTerms(terms: ReshareTerms, old: ShareSetRecord): ReshareConfig {
  const { group, purpose, threshold, participants, self, flags = 0, binding } = terms
  if (old.curve !== group.curve) throw new RangeError(`a set on ${old.curve} cannot be dealt on ${group.curve}`)
  if (!Object.hasOwn(PURPOSE_CODES, purpose)) throw new TypeError(`unknown purpose ${purpose}`)
  if (!Number.isInteger(flags) || flags < 0 || flags > 0xffffffff) throw new RangeError(`flags out of range: ${flags}`)
  checkParticipants(old, participants)
  assertThreshold(threshold, receiversOf(participants).length)
  if (participants[self - 1] === undefined) {
    throw new RangeError(`participant ${self} is not among the participants`)
  }
  return {
    old,
    purpose,
    threshold,
    participants: participants.map(copyParticipant),
    self,
    flags,
    binding: binding === undefined ? undefined : abytes(binding, 32, 'binding').slice(),
  }
}

/** @throws {TypeError | RangeError} as {@link checkReshareTerms}, and for a share that is not the one that `self` deals */
export function checkReshareOptions({ old, share, ...terms }: ReshareOptions): ReshareConfig {
  const config = checkReshareTerms(terms, old)
  const own = config.participants[config.self - 1] as ReshareParticipant
  if ((own.dealer === undefined) !== (share === undefined)) throw new TypeError('exactly a dealer brings its share')
  if (share !== undefined && (share.id !== own.dealer || !equalBytes(share.record.setId, old.setId))) {
    throw new RangeError('the share is not the one that this participant deals')
  }
  return config
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

/** The dealers' ids in the old set, by participant number. */
export function dealersOf(participants: readonly ReshareParticipant[]): PartyId[] {
  return participants.flatMap(({ dealer }) => (dealer === undefined ? [] : [dealer]))
}

/** The parties of the new set, by participant number. */
export function receiversOf(participants: readonly ReshareParticipant[]): NewParty[] {
  return participants.flatMap(({ receiver }) => (receiver === undefined ? [] : [receiver]))
}
