import type { Group } from '../../curve/group.ts'
import type { PartyId, Purpose, Role } from '../../types.ts'
import type { RandomSource } from '../../util/random.ts'

/** A party of a new set. */
export interface NewParty {
  /** Where the polynomial is evaluated for its share: 1 to 255. */
  readonly id: PartyId
  /** Who holds the share. */
  readonly role: Role
}

/** Options of {@link createKeygen}. All but `self` and `random` must be the same for every party. */
export interface KeygenOptions {
  /** The curve's arithmetic, from `getGroup`. */
  readonly group: Group
  /** 16 bytes */
  readonly walletId: Uint8Array
  /** What the new set is for. */
  readonly purpose: Purpose
  /** t: how many shares sign. 2 ≤ t ≤ n */
  readonly threshold: number
  /** n parties by ascending id. A party's participant number is its position in this list, from 1. */
  readonly parties: readonly NewParty[]
  /** This party's id. */
  readonly self: PartyId
  /** A cryptographically secure source of random bytes. */
  readonly random: RandomSource
}
