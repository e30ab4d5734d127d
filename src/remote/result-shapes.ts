import type {
  Approval,
  ApprovalState,
  DeviceStatus,
  ExtendedPublicKey,
  FoundWallet,
  ListedDevice,
  Progress,
  PublicKeys,
  RequiredApproval,
  SetState,
  SetStatus,
  Status,
  Wallet,
  WalletBackup,
  WalletSet,
} from '../index.ts'
import { BACKUP_METHODS, CURVES } from '../types.ts'
import {
  type BackupData,
  type FailedWallet,
  ITEMS_MAX,
  type RecoveredData,
  type ResumedData,
  type SignatureData,
} from './action-data.ts'
import { errorFields, requiredApproval } from './error-shape.ts'
import type { PARAMETERS } from './parameter-shapes.ts'
import {
  anObject,
  bytes,
  flag,
  fraction,
  hex,
  json,
  list,
  object,
  oneOf,
  optional,
  orNull,
  type Shape,
  text,
  whole,
} from './shape.ts'

/** What an action returns, and what it reports meanwhile. */
interface ResultShapes<R, E> {
  readonly result: Shape<R>
  readonly event?: Shape<E>
}

const LIST_MAX = 10_000

const signature = object<SignatureData>({
  signature: bytes(64, 64),
  publicKey: bytes(32, 33),
  setId: hex(32),
  recovery: optional(whole<0 | 1>(0, 1)),
})
const nothing: Shape<void> = () => undefined
const time = text(40)
const setId = hex(32)
const walletId = hex(16)
const publicKeys = object<PublicKeys>({ secp256k1: bytes(33, 33), ed25519: bytes(32, 32) })
const limits = { scope: optional(text(64)), expiresAt: optional(text(40)) }
const wallet = object<Wallet>({ id: walletId, setId, publicKeys, ...limits })
const cipherText = text(128 * 1024)
const backupData = object<BackupData>({ cipherText, setId })
const setStatus = {
  setId,
  walletId,
  purpose: oneOf(['signing', 'backup']),
  state: text<SetState>(40),
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
  status: text<Status>(40),
  done: flag,
  fraction,
  curve: optional(oneOf(CURVES)),
  approval: optional(object<RequiredApproval>(requiredApproval)),
})

const approval = object<Approval>({
  ...requiredApproval,
  state: text<ApprovalState>(40),
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

const recovered = object<RecoveredData>({
  id: walletId,
  setId: optional(setId),
  publicKeys,
  ...limits,
  backup: optional(backupData),
})

const action = <R, E = never>(result: Shape<R>, event?: Shape<E>): ResultShapes<R, E> => ({
  result,
  ...(event && { event }),
})

/**
 * Every action that a host can serve. Private keys do not leave it: there is no export, import or join. Words for states may be
 * those of a later version.
 */
export const RESULTS = {
  generateWallet: action(wallet, progress),
  backupWallet: action(backupData, progress),
  confirmBackup: action(nothing),
  recoverWallet: action(recovered, progress),
  provisionWallet: action(recovered, progress),
  refreshShares: action(wallet, progress),
  sign: action(signature, progress),
  signAll: action(list(signature, ITEMS_MAX), progress),
  preprocessSignatures: action(whole(0, 2 ** 31), progress),
  getPublicKey: action(bytes(32, 33)),
  getExtendedPublicKey: action(
    object<ExtendedPublicKey>({ xpub: text(256), publicKey: bytes(32, 33), chainCode: bytes(32, 32) }),
  ),
  listSets: action(list(object<WalletSet>({ ...setStatus, thisDevice: flag }), LIST_MAX)),
  findWallets: action(
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
    list(object<AnyDevice>({ ...device, deviceId: orNull(hex(32)) }), LIST_MAX) as Shape<ListedDevice[]>,
  ),
  listApprovals: action(list(approval, LIST_MAX)),
  approveRequest: action(approval),
  denyRequest: action(approval),
  retireSet: action(object<SetStatus>(setStatus)),
  revokeDevice: action(object<DeviceStatus>({ ...device, deviceId: hex(32) })),
  getWallet: action(wallet),
  listWallets: action(list(wallet, LIST_MAX), object<FailedWallet>({ walletId, error: errorFields })),
  resume: action(
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
  removeShare: action(nothing),
} as const

/** The name of an action that a host can serve. */
export type ActionName = keyof typeof RESULTS
/** The parameters of an action, as data. */
export type ActionData<A extends ActionName> = (typeof PARAMETERS)[A] extends Shape<infer P> ? P : never
/** The result of an action, as data. */
export type ActionResult<A extends ActionName> = (typeof RESULTS)[A]['result'] extends Shape<infer R> ? R : never
/** What an action reports. */
export type ActionEvent<A extends ActionName> = (typeof RESULTS)[A] extends {
  readonly event?: Shape<infer E>
}
  ? E
  : never
