import type {
  ActionOptions,
  Approval,
  ApproveRequestParameters,
  BackupWalletParameters,
  ConfirmBackupParameters,
  DenyRequestParameters,
  EcdsaSignature,
  ExtendedPublicKey,
  FoundWallet,
  GenerateWalletParameters,
  GetExtendedPublicKeyParameters,
  GetPublicKeyParameters,
  GetWalletParameters,
  ListedDevice,
  DeviceStatus,
  ListSetsParameters,
  ListWalletsParameters,
  PendingBackup,
  PreprocessSignaturesParameters,
  Progress,
  ProvisionWalletParameters,
  RecoverableWallet,
  RecoveredWallet,
  RecoverWalletParameters,
  RefreshSharesParameters,
  RemoveShareParameters,
  ResumedWallet,
  RetireSetParameters,
  RevokeDeviceParameters,
  SetStatus,
  Signature,
  SignAllParameters,
  SignaturesOf,
  SignEcdsaParameters,
  SignItemParameters,
  SignParameters,
  Wallet,
  WalletSet,
} from '../index.ts'
import { assertMethods, assertObject } from '../util/arguments.ts'
import type { BackupData, RecoveredData, ResumedData } from './action-data.ts'
import type { Described } from './described.ts'
import { restoreMpcError, unexpectedResponse } from './restore.ts'
import type { ActionData, ActionEvent, ActionName, ActionResult } from './result-shapes.ts'
import type { RemoteClient } from './types.ts'
import { indexIntents } from './write-parameters.ts'

// Each takes the parameters of the action of the same name in `reshare`, and returns its result.

/** Options of any action. */
interface AnyOptions extends ActionOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** Runs an action. What it reports goes to `onEvent`; most report their progress. */
async function run<A extends ActionName>(
  client: RemoteClient,
  action: A,
  options: AnyOptions,
  onEvent?: (event: ActionEvent<A>) => void,
): Promise<ActionResult<A>> {
  assertMethods(client, ['run'], 'client')
  const { signal, timeoutMs, waitForApprovalMs, onProgress, ...data } = assertObject(options, action)
  if (signal !== undefined) assertMethods(signal, ['addEventListener', 'removeEventListener'], 'signal')
  const report = onEvent ?? (onProgress as typeof onEvent)
  if (report !== undefined && typeof report !== 'function') throw new TypeError('onProgress must be a function')
  return client.run(action, data as ActionData<A>, { signal, timeoutMs, waitForApprovalMs, onEvent: report })
}

/** `generateWallet` of `reshare`, in the other realm. */
export async function generateWallet(client: RemoteClient, options: GenerateWalletParameters = {}): Promise<Wallet> {
  return run(client, 'generateWallet', options)
}

/** `backupWallet` of `reshare`, in the other realm, with a method that the host makes. */
export async function backupWallet(
  client: RemoteClient,
  options: Described<BackupWalletParameters>,
): Promise<PendingBackup> {
  return pending(client, await run(client, 'backupWallet', options))
}

/** `confirmBackup` of `reshare`, in the other realm. */
export async function confirmBackup(client: RemoteClient, options: ConfirmBackupParameters): Promise<void> {
  return run(client, 'confirmBackup', options)
}

/** `recoverWallet` of `reshare`, in the other realm, with a method and a source of backups that the host makes. */
export async function recoverWallet(
  client: RemoteClient,
  options: Described<RecoverWalletParameters> & { readonly dryRun: true },
): Promise<RecoverableWallet>
export async function recoverWallet(
  client: RemoteClient,
  options: Described<RecoverWalletParameters> & { readonly dryRun?: false },
): Promise<RecoveredWallet>
export async function recoverWallet(
  client: RemoteClient,
  options: Described<RecoverWalletParameters>,
): Promise<RecoveredWallet | RecoverableWallet> {
  const { dryRun } = assertObject(options, 'recoverWallet')
  const result = await run(client, 'recoverWallet', options)
  return dryRun === true ? { id: result.id, publicKeys: result.publicKeys } : recovered(client, result)
}

/** `provisionWallet` of `reshare`, in the other realm, with a method and a source of backups that the host makes. */
export async function provisionWallet(
  client: RemoteClient,
  options: Described<ProvisionWalletParameters>,
): Promise<RecoveredWallet> {
  return recovered(client, await run(client, 'provisionWallet', options))
}

/** `refreshShares` of `reshare`, in the other realm. */
export async function refreshShares(client: RemoteClient, options: RefreshSharesParameters): Promise<Wallet> {
  return run(client, 'refreshShares', options)
}

/** `sign` of `reshare`, in the other realm. The bytes are copied before this returns. */
export async function sign(client: RemoteClient, options: SignEcdsaParameters): Promise<EcdsaSignature>
export async function sign(client: RemoteClient, options: SignParameters): Promise<Signature>
export async function sign(client: RemoteClient, options: SignParameters): Promise<Signature> {
  const { scheme } = assertObject(options, 'sign')
  const signature = await run(client, 'sign', options)
  if ((scheme === 'ecdsa') !== (signature.recovery !== undefined)) throw unexpectedResponse()
  return signature
}

/** `signAll` of `reshare`, in the other realm. The bytes are copied before this returns. */
export async function signAll<const Items extends readonly SignItemParameters[]>(
  client: RemoteClient,
  options: SignAllParameters<Items>,
): Promise<SignaturesOf<Items>> {
  const { items } = assertObject(options, 'signAll')
  if (!Array.isArray(items)) throw new TypeError('items must be a list')
  const schemes = Array.from(items as readonly SignItemParameters[], (item) => assertObject(item, 'an item').scheme)
  const { walletId: _, items: _items, ...more } = options
  const signatures = await run(client, 'signAll', { ...more, ...indexIntents(options) })
  const isRight = signatures.every(({ recovery }, i) => (schemes[i] === 'ecdsa') === (recovery !== undefined))
  if (signatures.length !== schemes.length || !isRight) throw unexpectedResponse()
  return signatures as readonly Signature[] as SignaturesOf<Items>
}

/** `preprocessSignatures` of `reshare`, in the other realm. */
export async function preprocessSignatures(
  client: RemoteClient,
  options: PreprocessSignaturesParameters,
): Promise<number> {
  return run(client, 'preprocessSignatures', options)
}

/** `getPublicKey` of `reshare`, in the other realm. */
export async function getPublicKey(client: RemoteClient, options: GetPublicKeyParameters): Promise<Uint8Array> {
  return run(client, 'getPublicKey', options)
}

/** `getExtendedPublicKey` of `reshare`, in the other realm. */
export async function getExtendedPublicKey(
  client: RemoteClient,
  options: GetExtendedPublicKeyParameters,
): Promise<ExtendedPublicKey> {
  return run(client, 'getExtendedPublicKey', options)
}

/** `listSets` of `reshare`, in the other realm. */
export async function listSets(client: RemoteClient, options: ListSetsParameters): Promise<WalletSet[]> {
  return run(client, 'listSets', options)
}

/** `findWallets` of `reshare`, in the other realm. */
export async function findWallets(client: RemoteClient, options: ActionOptions = {}): Promise<FoundWallet[]> {
  return run(client, 'findWallets', options)
}

/** `listDevices` of `reshare`, in the other realm. */
export async function listDevices(client: RemoteClient, options: ActionOptions = {}): Promise<ListedDevice[]> {
  return run(client, 'listDevices', options)
}

/** `listApprovals` of `reshare`, in the other realm. */
export async function listApprovals(client: RemoteClient, options: ActionOptions = {}): Promise<Approval[]> {
  return run(client, 'listApprovals', options)
}

/** `approveRequest` of `reshare`, in the other realm. */
export async function approveRequest(client: RemoteClient, options: ApproveRequestParameters): Promise<Approval> {
  return run(client, 'approveRequest', options)
}

/** `denyRequest` of `reshare`, in the other realm. */
export async function denyRequest(client: RemoteClient, options: DenyRequestParameters): Promise<Approval> {
  return run(client, 'denyRequest', options)
}

/** `retireSet` of `reshare`, in the other realm. */
export async function retireSet(client: RemoteClient, options: RetireSetParameters): Promise<SetStatus> {
  return run(client, 'retireSet', options)
}

/** `revokeDevice` of `reshare`, in the other realm. */
export async function revokeDevice(client: RemoteClient, options: RevokeDeviceParameters): Promise<DeviceStatus> {
  return run(client, 'revokeDevice', options)
}

/** `getWallet` of `reshare`, in the other realm. */
export async function getWallet(client: RemoteClient, options: GetWalletParameters): Promise<Wallet> {
  return run(client, 'getWallet', options)
}

/** `listWallets` of `reshare`, in the other realm. */
export async function listWallets(client: RemoteClient, options: ListWalletsParameters = {}): Promise<Wallet[]> {
  const { onFailed } = assertObject(options, 'listWallets')
  if (onFailed !== undefined && typeof onFailed !== 'function') throw new TypeError('onFailed must be a function')
  const report =
    onFailed && (({ walletId, error }: ActionEvent<'listWallets'>) => onFailed(walletId, restoreMpcError(error)))
  return run(client, 'listWallets', options, report)
}

/** `resume` of `reshare`, in the other realm. */
export async function resume(client: RemoteClient, options: ActionOptions = {}): Promise<ResumedWallet[]> {
  return (await run(client, 'resume', options)).map(resumed)
}

/** `removeShare` of `reshare`, in the other realm. */
export async function removeShare(client: RemoteClient, options: RemoveShareParameters): Promise<void> {
  return run(client, 'removeShare', options)
}

function pending(client: RemoteClient, { cipherText, setId }: BackupData): PendingBackup {
  return { cipherText, setId, confirm: (options) => confirmBackup(client, { ...options, setId }) }
}

function recovered(client: RemoteClient, { setId, backup, ...wallet }: RecoveredData): RecoveredWallet {
  if (setId === undefined) throw unexpectedResponse()
  return { ...wallet, setId, ...(backup !== undefined && { backup: pending(client, backup) }) }
}

function resumed({ walletId, outcome, wallet, error }: ResumedData): ResumedWallet {
  if (outcome === 'NO_SHARE') return { walletId, outcome }
  if (outcome === 'READY' && wallet !== undefined) return { walletId, outcome, wallet }
  if (error === undefined) throw unexpectedResponse()
  if (outcome === 'FAILED') return { walletId, outcome, error: restoreMpcError(error) }
  if (outcome === 'PENDING' && wallet !== undefined) return { walletId, outcome, wallet, error: restoreMpcError(error) }
  throw unexpectedResponse()
}
