import type { Group } from '../../curve/group.ts'
import type { KeyShare, ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId, Purpose } from '../../types.ts'
import type { RandomSource } from '../../util/random.ts'
import type { NewParty } from '../keygen/types.ts'

/** One machine that takes part in a reshare: it deals from the old set, receives in the new one, or both. */
export interface ReshareParticipant {
  /** Its id in the old set. */
  readonly dealer?: PartyId
  /** Its id and role in the new set. */
  readonly receiver?: NewParty
}

/** What every participant of a reshare agrees on beforehand, the old set left out, and who this one is. */
export interface ReshareTerms {
  readonly group: Group
  /** What the new set is for. */
  readonly purpose: Purpose
  /** t', 2 ≤ t' ≤ n' */
  readonly threshold: number
  /** At least `old.threshold` dealers; a participant's number is its place in this list, from 1. */
  readonly participants: readonly ReshareParticipant[]
  /** This machine's participant number. */
  readonly self: number
  /** What else the participants must agree on, below 2^32; bound into the context, 0 unless given. */
  readonly flags?: number
  readonly random: RandomSource
}

/** Those terms, and what is dealt. */
export interface ReshareOptions extends ReshareTerms {
  /** The set that is dealt from, validated. */
  readonly old: ShareSetRecord
  /** This machine's share of the old set, where it deals. It stays the caller's. */
  readonly share?: KeyShare
}

/** What a reshare session ends with: the public record of the new set, and this party's share of it. */
export interface ReshareResult {
  readonly record: ShareSetRecord
  /** This machine's share of the new set, where it receives. */
  readonly share?: KeyShare
}
