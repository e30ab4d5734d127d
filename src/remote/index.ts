export { remoteClient, type RemoteClientOptions } from './remote-client.ts'
export type { RemoteClient } from './types.ts'
export { messagePort, type MessageTarget, type Port, windowPort, type WindowPortParameters } from './port.ts'
export type { Described, Description } from './described.ts'
export {
  approveRequest,
  backupWallet,
  confirmBackup,
  denyRequest,
  findWallets,
  generateWallet,
  getExtendedPublicKey,
  getPublicKey,
  getWallet,
  listApprovals,
  listDevices,
  listSets,
  listWallets,
  preprocessSignatures,
  provisionWallet,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  retireSet,
  revokeDevice,
  sign,
  signAll,
} from './actions.ts'
