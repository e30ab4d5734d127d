export { decodeBackup, encodeBackup } from './backup.ts'
export { decodeKeyShare, encodeKeyShare, validateKeyShare, wipeKeyShare } from './key-share.ts'
export { decodeShareSetRecord, encodeShareSetRecord, findParty, type GroupOf } from './record.ts'
export type { KeyShare, SetParty, ShareSetRecord, WalletShares } from './types.ts'
export {
  combineRecords,
  combineShares,
  decodeWalletSetRecord,
  decodeWalletShares,
  encodeWalletSetRecord,
  encodeWalletShares,
  peekWalletSetId,
} from './wallet-shares.ts'
