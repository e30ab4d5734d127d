import type { Group } from '../../curve/group.ts'
import type { KeyShare, ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId, Purpose } from '../../types.ts'
import type { RandomSource } from '../../util/random.ts'
import type { NewParty } from '../keygen/types.ts'

/** A participant of a reshare. It deals from the old set, receives a share of the new one, or does both. */
export interface ReshareParticipant {
  /** Its id in the old set. */
  readonly dealer?: PartyId
  /** Its id and role in the new set. */
  readonly receiver?: NewParty
}

/** Options of {@link restoreReshare}. All but `self` and `random` must be the same for every participant. */
export interface ReshareTerms {
  /** The curve's arithmetic, from `getGroup`. */
  readonly group: Group
  /** What the new set is for. */
  readonly purpose: Purpose
  /** t', the threshold of the new set. 2 ≤ t' ≤ n' */
  readonly threshold: number
  /** At least `old.threshold` of them deal. A participant's number is its position in this list, from 1. */
  readonly participants: readonly ReshareParticipant[]
  /** This participant's number. */
  readonly self: number
  /** Anything else that the participants must agree on, below 2^32. It is hashed into the context. Default: 0. */
  readonly flags?: number
  /** Anything more that the participants must agree on, as a hash of 32 bytes, hashed into the context. Default: nothing. */
  readonly binding?: Uint8Array
  /** A cryptographically secure source of random bytes. */
  readonly random: RandomSource
}

/** Options of {@link createReshare}. */
export interface ReshareOptions extends ReshareTerms {
  /** The public record of the set that is dealt from, validated. */
  readonly old: ShareSetRecord
  /** This participant's share of the old set, if it deals. It is not kept; the caller wipes it. */
  readonly share?: KeyShare
}

/** The result of a reshare session. */
export interface ReshareResult {
  /** The public record of the new set. */
  readonly record: ShareSetRecord
  /** This participant's share of the new set, if it receives one. Secret. */
  readonly share?: KeyShare
}
