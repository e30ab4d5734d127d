import type { Point, Scalar } from '../curve/group.ts'
import type { Curve, PartyId, Purpose, Role } from '../types.ts'

/** One party of a share set and the public key of its share. */
export interface SetParty {
  /** The party's id in the set: where the polynomial is evaluated. */
  readonly id: PartyId
  /** What the party is in a wallet. */
  readonly role: Role
  /** Y_i = s_i·G */
  readonly verifyingShare: Point
}

/** What everybody may know of a share set: one independent t-of-n sharing of one key. It exists only validated. */
export interface ShareSetRecord {
  /** The curve of the key. */
  readonly curve: Curve
  /** 32 bytes, `TH("set", CTX, T)` of the session that made the set */
  readonly setId: Uint8Array
  /** 16 bytes */
  readonly walletId: Uint8Array
  /** Whether the set signs or backs up. */
  readonly purpose: Purpose
  /** t, 2 ≤ t ≤ n: with t = 1 every share would be the key */
  readonly threshold: number
  /** n parties by ascending id */
  readonly parties: readonly SetParty[]
  /** The public key of the set. */
  readonly publicKey: Point
  /** 32 bytes */
  readonly chainCode: Uint8Array
}

/** What one party holds of a share set. */
export interface KeyShare {
  /** The public record of the share's set. */
  readonly record: ShareSetRecord
  /** The party that holds the share. */
  readonly id: PartyId
  /** s_i, with s_i·G = Y_i */
  readonly secretShare: Scalar
}

/**
 * What one machine holds for one device session or one backup: a share of one share set per curve of the wallet, in the
 * order of `CURVES`. All have the same wallet, purpose and party id.
 */
export interface WalletShares {
  /** Names the group: `TH("wallet-set", walletId, purpose, setId of each curve …)`, 32 bytes. */
  readonly setId: Uint8Array
  /** 16 bytes */
  readonly walletId: Uint8Array
  /** Whether the sets sign or back up. */
  readonly purpose: Purpose
  /** One share per curve, in the order of `CURVES`. */
  readonly shares: readonly KeyShare[]
}

/** The public part of {@link WalletShares}. */
export interface WalletSetRecord {
  readonly setId: Uint8Array
  /** 16 bytes */
  readonly walletId: Uint8Array
  /** Whether the sets sign or back up. */
  readonly purpose: Purpose
  readonly records: readonly ShareSetRecord[]
}
