import type { Group } from '../../curve/group.ts'
import type { KeyShare, ShareSetRecord } from '../../share/types.ts'
import type { PartyId } from '../../types.ts'
import type { RandomSource } from '../../util/random.ts'

/** 32 random bytes of the verifier, used once. */
export declare function newChallenge(random: RandomSource): Uint8Array

export declare function provePossession(options: {
  readonly group: Group
  readonly share: KeyShare
  /** The id of the verifying party in the set. */
  readonly verifier: PartyId
  /** 32 bytes from {@link newChallenge} */
  readonly nonce: Uint8Array
  readonly random: RandomSource
}): Uint8Array

/** @throws {PROTOCOL_ABORTED} with reason POP */
export declare function verifyPossession(options: {
  readonly group: Group
  readonly record: ShareSetRecord
  /** The id of the party that claims to hold its share. */
  readonly prover: PartyId
  /** The id of the verifying party in the set. */
  readonly verifier: PartyId
  readonly nonce: Uint8Array
  readonly proof: Uint8Array
}): void
