import type { Group } from '../../curve/group.ts'
import type { PartyId, Purpose, Role } from '../../types.ts'
import type { RandomSource } from '../../util/random.ts'

/** One party of a set that is about to be made. */
export interface NewParty {
  readonly id: PartyId
  readonly role: Role
}

/** What every party of a key generation agrees on beforehand, and who this one is. */
export interface KeygenOptions {
  readonly group: Group
  /** 16 bytes */
  readonly walletId: Uint8Array
  readonly purpose: Purpose
  /** t, 2 ≤ t ≤ n */
  readonly threshold: number
  /** n parties by ascending id; a party's participant number is its place in this list, from 1 */
  readonly parties: readonly NewParty[]
  readonly self: PartyId
  readonly random: RandomSource
}
