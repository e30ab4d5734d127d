import type { Group } from '../curve/group.ts'
import type { Curve, Purpose } from '../types.ts'
import type { KeyShare, ShareSetRecord, WalletSetRecord, WalletShares } from './types.ts'

export type { KeyShare, SetParty, ShareSetRecord, WalletSetRecord, WalletShares } from './types.ts'

/** Where the decoders get the arithmetic of a curve from. */
export type GroupOf = (curve: Curve) => Group

export declare function validateKeyShare(group: Group, share: KeyShare): void
export declare function encodeShareSetRecord(group: Group, record: ShareSetRecord): Uint8Array
export declare function decodeShareSetRecord(groupOf: GroupOf, bytes: Uint8Array): ShareSetRecord
export declare function encodeKeyShare(group: Group, share: KeyShare): Uint8Array
export declare function decodeKeyShare(groupOf: GroupOf, bytes: Uint8Array): KeyShare
export declare function walletSetId(walletId: Uint8Array, purpose: Purpose, setIds: readonly Uint8Array[]): Uint8Array
/** Names the wallet-wide set of shares made side by side, one a curve in the order of `CURVES`. */
export declare function combineShares(shares: readonly KeyShare[]): WalletShares
export declare function combineRecords(records: readonly ShareSetRecord[]): WalletSetRecord
export declare function encodeWalletShares(groupOf: GroupOf, shares: WalletShares): Uint8Array
export declare function decodeWalletShares(groupOf: GroupOf, bytes: Uint8Array): WalletShares
export declare function encodeWalletSetRecord(groupOf: GroupOf, record: WalletSetRecord): Uint8Array
export declare function decodeWalletSetRecord(groupOf: GroupOf, bytes: Uint8Array): WalletSetRecord
export declare function wipeKeyShare(share: KeyShare): void
