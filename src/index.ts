export { createClient, type ClientOptions } from './client/client.ts'
export { createFrostClient, type FrostClientOptions } from './client/frost-client.ts'
export { generateWallet, type GenerateWalletParameters } from './client/actions/generate-wallet.ts'
export { backupWallet, type BackupWalletParameters } from './client/actions/backup-wallet.ts'
export { confirmBackup, type ConfirmBackupParameters, type PendingBackup } from './client/actions/confirm-backup.ts'
export {
  recoverWallet,
  type RecoverableWallet,
  type RecoveredWallet,
  type RecoverWalletOptions,
  type RecoverWalletParameters,
} from './client/actions/recover-wallet.ts'
export { custodianBackups, type BackupInput, type BackupSource } from './client/backup/backup-source.ts'
export { provisionWallet, type ProvisionWalletParameters } from './client/actions/provision-wallet.ts'
export { refreshShares, type RefreshSharesParameters } from './client/actions/refresh-shares.ts'
export { sign } from './client/actions/sign.ts'
export { signAll, type SignaturesOf } from './client/actions/sign-all.ts'
export type { SignAllParameters } from './client/signing/sign-all-parameters.ts'
export type {
  SignBip340Parameters,
  SignEcdsaDigestParameters,
  SignEcdsaMessageParameters,
  SignEcdsaParameters,
  SignEd25519Parameters,
  SignItemParameters,
  SignParameters,
} from './client/signing/sign-parameters.ts'
export { preprocessSignatures, type PreprocessSignaturesParameters } from './client/actions/preprocess-signatures.ts'
export {
  getExtendedPublicKey,
  getPublicKey,
  type ExtendedPublicKey,
  type GetExtendedPublicKeyParameters,
  type GetPublicKeyParameters,
} from './client/actions/get-public-key.ts'
export { listSets, type WalletSet, type ListSetsParameters } from './client/actions/list-sets.ts'
export { findWallets, type FoundWallet } from './client/actions/find-wallets.ts'
export { listDevices } from './client/actions/list-devices.ts'
export { listApprovals } from './client/actions/list-approvals.ts'
export { approveRequest, type ApproveRequestParameters } from './client/actions/approve-request.ts'
export { denyRequest, type DenyRequestParameters } from './client/actions/deny-request.ts'
export { retireSet, type RetireSetParameters } from './client/actions/retire-set.ts'
export { revokeDevice, type RevokeDeviceParameters } from './client/actions/revoke-device.ts'
export {
  getWallet,
  listWallets,
  type GetWalletParameters,
  type ListWalletsParameters,
} from './client/actions/get-wallet.ts'
export { resume, type ResumedWallet } from './client/actions/resume.ts'
export { removeShare, type RemoveShareParameters } from './client/actions/remove-share.ts'
export type { Progress, Status } from './client/progress.ts'
export type { PoolOptions } from './client/ecdsa/preprocessing-pool.ts'
export type {
  ActionOptions,
  Client,
  EcdsaSignature,
  KeySource,
  PublicKeys,
  Signature,
  Wallet,
  WalletKeys,
} from './client/types.ts'
export type { EcdsaRequest, Ed25519Request, KeyRequest, TaprootRequest } from './client/key-requests.ts'

export { INTENT_MAX_LENGTH, type Intent, type IntentKind } from './wire/intent.ts'
export type { Approval, ApprovalState, Approver, Denial, Json, RequiredApproval } from './wire/approvals.ts'
export type { DeviceStatus, ListedDevice, UnboundSets } from './wire/devices.ts'
export type { SetStatus } from './wire/operations.ts'
export type { SetLimits } from './wire/set-limits.ts'
export type { WalletBackup } from './wire/wallets.ts'
export type { BackupMethod } from './backup/types.ts'
export { isMpcError, isProtocolError, MpcError, ProtocolError, type AbortReason, type ErrorCode } from './errors.ts'
export type { MessageHash } from './protocol/ecdsa/signing/digest.ts'
export type { WalletShares } from './key-share/types.ts'
export type { ShareStore, StoredValue } from './storage/types.ts'
export type { Transport, TransportRequest, TransportResponse } from './transport/types.ts'
export type { BackupMethodName, Curve, EcdsaSetup, OnCheating, Purpose, SetState, SignatureScheme } from './types.ts'
export type { RandomSource } from './util/random.ts'
