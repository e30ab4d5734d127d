import type {
  BackupWalletParameters,
  ConfirmBackupParameters,
  GetExtendedPublicKeyParameters,
  GetPublicKeyParameters,
  PreprocessSignaturesParameters,
  PublicKeys,
  RetireSetParameters,
  RevokeDeviceParameters,
} from '../index.ts'
import type { Data, RecoverData } from './action-data.ts'
import { description, rotation } from './described.ts'
import { flag, markedBytes, name as named, object, optional, text, whole } from './shape.ts'
import { signAllData, signData } from './sign-shapes.ts'

// How the host reads parameters. They are checked for what they are, so that the action itself says what is wrong with them.
// Approvals show them.

const idText = named(128)
const path = optional(named(256))
const cipherText = text(128 * 1024)
const givenKeys = object<PublicKeys>({ secp256k1: markedBytes(64), ed25519: markedBytes(64) })
const curve = named<'secp256k1' | 'ed25519'>(20)
const none = object<object>({})
const limits = { scope: optional(named(64)), expiresAt: optional(named(40)) }

const ofApproval = object<{ readonly approvalId: string }>({ approvalId: idText })

const recovery = {
  method: description,
  walletId: optional(idText),
  publicKeys: optional(givenKeys),
  rotateBackup: optional(rotation),
  cipherText: optional(cipherText),
  backups: optional(description),
  ...limits,
}

const ofWallet = object<{ readonly walletId: string }>({ walletId: idText })

/** The parameters of every action, without callbacks. */
export const PARAMETERS = {
  generateWallet: none,
  backupWallet: object<Data<BackupWalletParameters>>({ walletId: idText, method: description }),
  confirmBackup: object<Data<ConfirmBackupParameters>>({ setId: idText }),
  recoverWallet: object<RecoverData>({
    ...recovery,
    existingSets: named<'keep' | 'retire'>(20),
    dryRun: optional(flag),
  }),
  provisionWallet: object<Omit<RecoverData, 'existingSets' | 'dryRun'>>(recovery),
  refreshShares: ofWallet,
  sign: signData,
  signAll: signAllData,
  preprocessSignatures: object<Data<PreprocessSignaturesParameters>>({ walletId: idText, count: whole(0, 2 ** 31) }),
  getPublicKey: object<Data<GetPublicKeyParameters>>({ walletId: idText, curve, path }),
  getExtendedPublicKey: object<Data<GetExtendedPublicKeyParameters>>({
    walletId: idText,
    curve: optional(curve),
    path,
  }),
  listSets: ofWallet,
  findWallets: none,
  listDevices: none,
  listApprovals: none,
  approveRequest: ofApproval,
  denyRequest: ofApproval,
  retireSet: object<Data<RetireSetParameters>>({ walletId: idText, setId: idText }),
  revokeDevice: object<Data<RevokeDeviceParameters>>({ deviceId: idText }),
  getWallet: ofWallet,
  listWallets: none,
  resume: none,
  removeShare: ofWallet,
} as const
