import type {
  Approval,
  ApprovalState,
  BackupWalletParameters,
  ConfirmBackupParameters,
  DeviceStatus,
  ExtendedPublicKey,
  FoundWallet,
  GetExtendedPublicKeyParameters,
  GetPublicKeyParameters,
  ListedDevice,
  PreprocessSignaturesParameters,
  Progress,
  PublicKeys,
  RequiredApproval,
  RetireSetParameters,
  RevokeDeviceParameters,
  SetState,
  SetStatus,
  Status,
  Wallet,
  WalletBackup,
  WalletSet,
} from '../index.ts'
import { BACKUP_METHODS, CURVES } from '../types.ts'
import type {
  BackupData,
  Data,
  FailedWallet,
  RecoverData,
  RecoveredData,
  ResumedData,
  SignatureData,
} from './action-data.ts'
import { description, rotation } from './described.ts'
import { ITEMS_MAX, signAllData, signData } from './sign-shapes.ts'
import { errorFields, requiredApproval } from './error-shape.ts'
import {
  anObject,
  bytes,
  flag,
  fraction,
  hex,
  json,
  list,
  name as named,
  object,
  oneOf,
  optional,
  orNull,
  type Shape,
  text,
  whole,
} from './shape.ts'

/** How an action crosses: its parameters without callbacks, its result, and what it reports meanwhile. */
interface ActionShapes<P, R, E> {
  readonly parameters: Shape<P>
  readonly result: Shape<R>
  readonly event?: Shape<E>
}

const LIST_MAX = 10_000

const STATUSES: readonly Status[] = [
  'Reading share',
  'Decrypting share',
  'Parsing share',
  'Recovering signing share',
  'Generating share',
  'Encrypting share',
  'Storing share',
  'Waiting for the other device',
  'Waiting for approval',
  'Making ECDSA setup',
  'Preprocessing signatures',
  'Signing',
  'Done',
]
const APPROVAL_STATES: readonly ApprovalState[] = [
  ...(['WAITING', 'READY', 'USED', 'DENIED'] as const),
  ...(['CANCELLED', 'ENDED', 'EXPIRED'] as const),
]
const STATES: readonly SetState[] = ['PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED']

// Parameters are checked for what they are, so that the action itself says what is wrong with them. Approvals show them.
const idText = named(128)
const path = optional(named(256))
const cipherText = text(128 * 1024)
const givenKeys = object<PublicKeys>({ secp256k1: bytes(0, 64), ed25519: bytes(0, 64) })
const curve = named<'secp256k1' | 'ed25519'>(20)

const signature = object<SignatureData>({
  signature: bytes(64, 64),
  publicKey: bytes(32, 33),
  setId: hex(32),
  recovery: optional(whole<0 | 1>(0, 1)),
})
const none = object<object>({})
const nothing: Shape<void> = () => undefined
const time = text(40)
const setId = hex(32)
const walletId = hex(16)
const publicKeys = object<PublicKeys>({ secp256k1: bytes(33, 33), ed25519: bytes(32, 32) })
const limits = { scope: optional(named(64)), expiresAt: optional(named(40)) }
const wallet = object<Wallet>({ id: walletId, setId, publicKeys, ...limits })
const backupData = object<BackupData>({ cipherText, setId })
const setStatus = {
  setId,
  walletId,
  purpose: oneOf(['signing', 'backup']),
  state: oneOf(STATES),
  label: text(256),
  backupMethod: orNull(oneOf(BACKUP_METHODS)),
  deviceId: orNull(hex(32)),
  createdAt: time,
  lastUsedAt: orNull(time),
  exportedAt: orNull(time),
  scope: orNull(text(64)),
  expiresAt: orNull(time),
  proven: flag,
} as const
const backupStatus = object<WalletBackup>({
  setId,
  method: oneOf(BACKUP_METHODS),
  createdAt: time,
  confirmedAt: orNull(time),
})

const device = {
  label: text(256),
  createdAt: time,
  lastUsedAt: time,
  revokedAt: orNull(time),
  setIds: list(setId, LIST_MAX),
} as const

/** A device, or the sets of none. */
type AnyDevice = { [K in keyof ListedDevice]: ListedDevice[K] }

const progress = object<Progress>({
  status: oneOf(STATUSES),
  done: flag,
  fraction,
  curve: optional(oneOf(CURVES)),
  approval: optional(object<RequiredApproval>(requiredApproval)),
})

const approval = object<Approval>({
  ...requiredApproval,
  state: oneOf(APPROVAL_STATES),
  action: text(40),
  walletId: orNull(walletId),
  setId: orNull(setId),
  deviceId: orNull(hex(32)),
  createdAt: time,
  approvedAt: orNull(time),
  approvedBy: orNull(text(256)),
  endedAt: orNull(time),
  mayApprove: flag,
  details: (value, name, reading) => {
    anObject(value, name)
    return json(value, name, reading) as Approval['details']
  },
})

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

const recovered = object<RecoveredData>({
  id: walletId,
  setId: optional(setId),
  publicKeys,
  ...limits,
  backup: optional(backupData),
})

const action = <P, R, E = never>(parameters: Shape<P>, result: Shape<R>, event?: Shape<E>): ActionShapes<P, R, E> => ({
  parameters,
  result,
  ...(event && { event }),
})

const ofWallet = object<{ readonly walletId: string }>({ walletId: idText })

/** Every action that a host can serve. Private keys do not leave it: there is no export, import or join. */
export const ACTIONS = {
  generateWallet: action(none, wallet, progress),
  backupWallet: action(
    object<Data<BackupWalletParameters>>({ walletId: idText, method: description }),
    backupData,
    progress,
  ),
  confirmBackup: action(object<Data<ConfirmBackupParameters>>({ setId: idText }), nothing),
  recoverWallet: action(
    object<RecoverData>({ ...recovery, existingSets: named<'keep' | 'retire'>(20), dryRun: optional(flag) }),
    recovered,
    progress,
  ),
  provisionWallet: action(object<Omit<RecoverData, 'existingSets' | 'dryRun'>>(recovery), recovered, progress),
  refreshShares: action(ofWallet, wallet, progress),
  sign: action(signData, signature, progress),
  signAll: action(signAllData, list(signature, ITEMS_MAX), progress),
  preprocessSignatures: action(
    object<Data<PreprocessSignaturesParameters>>({ walletId: idText, count: whole(0, 2 ** 31) }),
    whole(0, 2 ** 31),
    progress,
  ),
  getPublicKey: action(object<Data<GetPublicKeyParameters>>({ walletId: idText, curve, path }), bytes(32, 33)),
  getExtendedPublicKey: action(
    object<Data<GetExtendedPublicKeyParameters>>({ walletId: idText, curve: optional(curve), path }),
    object<ExtendedPublicKey>({ xpub: text(256), publicKey: bytes(32, 33), chainCode: bytes(32, 32) }),
  ),
  listSets: action(ofWallet, list(object<WalletSet>({ ...setStatus, thisDevice: flag }), LIST_MAX)),
  findWallets: action(
    none,
    list(
      object<FoundWallet>({
        id: walletId,
        publicKeys,
        createdAt: time,
        exportedAt: orNull(time),
        importedAt: orNull(time),
        signingSets: list(object<SetStatus>(setStatus), LIST_MAX),
        backups: list(backupStatus, LIST_MAX),
      }),
      LIST_MAX,
    ),
  ),
  listDevices: action(
    none,
    list(object<AnyDevice>({ ...device, deviceId: orNull(hex(32)) }), LIST_MAX) as Shape<ListedDevice[]>,
  ),
  listApprovals: action(none, list(approval, LIST_MAX)),
  approveRequest: action(ofApproval, approval),
  denyRequest: action(ofApproval, approval),
  retireSet: action(
    object<Data<RetireSetParameters>>({ walletId: idText, setId: idText }),
    object<SetStatus>(setStatus),
  ),
  revokeDevice: action(
    object<Data<RevokeDeviceParameters>>({ deviceId: idText }),
    object<DeviceStatus>({ ...device, deviceId: hex(32) }),
  ),
  getWallet: action(ofWallet, wallet),
  listWallets: action(none, list(wallet, LIST_MAX), object<FailedWallet>({ walletId, error: errorFields })),
  resume: action(
    none,
    list(
      object<ResumedData>({
        walletId,
        outcome: oneOf(['READY', 'PENDING', 'NO_SHARE', 'FAILED']),
        wallet: optional(wallet),
        error: optional(errorFields),
      }),
      LIST_MAX,
    ),
  ),
  removeShare: action(ofWallet, nothing),
} as const

/** The name of an action that a host can serve. */
export type ActionName = keyof typeof ACTIONS
/** The parameters of an action, as data. */
export type ActionData<A extends ActionName> = (typeof ACTIONS)[A]['parameters'] extends Shape<infer P> ? P : never
/** The result of an action, as data. */
export type ActionResult<A extends ActionName> = (typeof ACTIONS)[A]['result'] extends Shape<infer R> ? R : never
/** What an action reports. */
export type ActionEvent<A extends ActionName> = (typeof ACTIONS)[A] extends {
  readonly event?: Shape<infer E>
}
  ? E
  : never
