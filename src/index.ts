export { createClient, type ClientOptions } from './client/client.ts'
export { generateWallet, type GenerateWalletParameters } from './client/generate-wallet.ts'
export { backupWallet, type BackupWalletParameters } from './client/backup-wallet.ts'
export { confirmBackup, type ConfirmBackupParameters, type PendingBackup } from './client/confirm-backup.ts'
export {
  recoverWallet,
  type RecoverableWallet,
  type RecoveredWallet,
  type RecoverWalletParameters,
} from './client/recover-wallet.ts'
export { provisionWallet, type ProvisionWalletParameters } from './client/provision-wallet.ts'
export { refreshShares, type RefreshSharesParameters } from './client/refresh-shares.ts'
export { sign } from './client/sign.ts'
export type {
  SignBip340Parameters,
  SignEcdsaParameters,
  SignEd25519Parameters,
  SignParameters,
} from './client/sign-parameters.ts'
export { preprocessSignatures, type PreprocessSignaturesParameters } from './client/preprocess-signatures.ts'
export {
  getExtendedPublicKey,
  getPublicKey,
  type ExtendedPublicKey,
  type GetExtendedPublicKeyParameters,
  type GetPublicKeyParameters,
} from './client/get-public-key.ts'
export { listSets, type ListedSet, type ListSetsParameters } from './client/list-sets.ts'
export { listDevices } from './client/list-devices.ts'
export { retireSet, type RetireSetParameters } from './client/retire-set.ts'
export { revokeDevice, type RevokeDeviceParameters } from './client/revoke-device.ts'
export { getWallet, listWallets, type GetWalletParameters, type ListWalletsParameters } from './client/get-wallet.ts'
export { resume, type ResumedWallet } from './client/resume.ts'
export { removeShare, type RemoveShareParameters } from './client/remove-share.ts'
export type { Progress, Status } from './client/progress.ts'
export type { PoolOptions } from './client/preprocessing-pool.ts'
export type {
  ActionOptions,
  AfterCheat,
  Client,
  EcdsaSignature,
  PublicKeys,
  Signature,
  Wallet,
} from './client/types.ts'

export type { DeviceStatus, ListedDevice, UnboundSets } from './api/devices.ts'
export type { SetStatus } from './api/operations.ts'
export type { BackupMethod } from './backup/types.ts'
export { isMpcError, isProtocolError, MpcError, ProtocolError, type AbortReason, type ErrorCode } from './errors.ts'
export type { MessageHash } from './protocol/ecdsa/digest.ts'
export type { ShareStore, StoredValue } from './storage/types.ts'
export type { Transport, TransportRequest, TransportResponse } from './transport/types.ts'
export type { BackupMethodName, Curve, Purpose, SetState, SignatureScheme } from './types.ts'
export type { RandomSource } from './util/random.ts'
