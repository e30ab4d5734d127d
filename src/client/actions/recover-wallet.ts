import type { OperationResult, RecoverRequest } from '../../wire/operations.ts'
import type { SetLimits } from '../../wire/set-limits.ts'
import type { BackupMethod } from '../../backup/types.ts'
import { MpcError } from '../../errors.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { KeyShare, WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { assertFunction, assertBoolean, limitsArgument, oneOf, assertObject, walletIdArgument } from '../arguments.ts'
import { assertBackupMethod, probeMethod, rotationMethod } from '../backup/backup-method.ts'
import { pendingBackup, type PendingBackup } from './confirm-backup.ts'
import { withDeadline } from '../deadline.ts'
import { verifyBackupSet, verifyMadeSet } from '../operations/verify-result.ts'
import { openBackupSet } from '../backup/open-backup.ts'
import { backupTexts, type BackupInput, type BackupTexts } from '../backup/backup-source.ts'
import { withNewestBackup } from '../backup/newest-backup.ts'
import { extractShares } from '../operations/extract-shares.ts'
import { reconcileKnownWallet } from '../wallets/known-wallet.ts'
import { prepareSet } from '../wallets/prepare-set.ts'
import { createProgress, plans, type Progress, type ProgressReporter } from '../progress.ts'
import { proveSet } from '../wallets/prove-set.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import { sealVerified } from '../backup/seal-verified.ts'
import { receivedShares, reshareSessions, setupFields, setupSession } from '../operations/sessions.ts'
import { activateSet } from '../wallets/reconcile.ts'
import { deletePreparedSet } from '../wallets/share-store.ts'
import type { ActionOptions, Call, Client, NewSetup, PublicKeys, Wallet } from '../types.ts'
import { activeSetIds } from '../wallets/wallet-record.ts'
import { equalKeys, publicKeys, publicKeysArgument, wipeShares } from '../wallet-shares.ts'
import { toWallet } from '../wallets/wallet-store.ts'

/** Parameters of {@link recoverWallet}, with the backup as its cipherText or as a source of several. */
export type RecoverWalletParameters = RecoverWalletOptions & BackupInput

/** Parameters of {@link recoverWallet} besides the backup. */
export interface RecoverWalletOptions extends ActionOptions, SetLimits {
  /** The method that opens the backup. */
  readonly method: BackupMethod
  /**
   * What happens to the wallet's other signing sets: `keep` leaves them working (for another device of the same user),
   * `retire` retires them once the new set is proven to work (when a device was lost).
   */
  readonly existingSets: 'keep' | 'retire'
  /** The wallet that the backup must belong to: 16 bytes in lower-case hex. */
  readonly walletId?: string
  /**
   * The public keys that the backup must have, if the app knows them. With them, whoever stores the cipherTexts cannot
   * substitute another wallet.
   */
  readonly publicKeys?: PublicKeys
  /**
   * Whether to make a new backup too: `true` seals it with the same method; pass another method to change it. With
   * `someOf`, pass the method: the ones at hand to open may be fewer than those that should open the new backup.
   */
  readonly rotateBackup?: boolean | BackupMethod
  /** Whether only to check that these inputs would recover the wallet, without changing anything. */
  readonly dryRun?: boolean
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/** A recovered wallet and, if the backup was rotated, the new backup. */
export interface RecoveredWallet extends Wallet {
  /** The new backup, if it was rotated. Store its cipherText, then confirm it. */
  readonly backup?: PendingBackup
}

/** The wallet that a dry run found to be recoverable. */
export interface RecoverableWallet {
  /** 16 bytes in lower-case hex */
  readonly id: string
  /** The wallet's public keys. */
  readonly publicKeys: PublicKeys
}

/**
 * Gives this device a new signing set from a backup. The public keys stay the same. Works on any device and from any
 * app of the same client.
 *
 * The old backup stays usable until a rotated one is confirmed. Recovery can be repeated.
 *
 * @throws {PASSWORD_REQUIRED | WRONG_PASSWORD | DECRYPT_FAILED | BACKUP_CORRUPT | BACKUP_OTHER_WALLET} if the
 * cipherText does not open; nothing was changed
 * @throws {STORAGE_UNAVAILABLE} if this device cannot store a share; nothing was changed
 * @throws {SET_EXPIRED} if `expiresAt` is over by the server's clock
 * @throws {BACKUP_SUPERSEDED} if a newer backup was confirmed
 * @throws {SHARE_NOT_FOUND} if `backups` has none
 * @throws {SET_MISMATCH} if this device knows the wallet with other public keys
 * @throws {WEBHOOK_FAILED} if the custodian could not be reached
 * @throws {PROTOCOL_ABORTED | NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED}
 *
 * @example
 * const wallet = await recoverWallet(client, { cipherText, method: password(secret), existingSets: 'keep' })
 *
 * @example
 * const backups = custodianBackups(httpTransport('https://app.example', { headers }))
 * const wallet = await recoverWallet(client, { backups, method: password(secret), existingSets: 'keep' })
 */
export async function recoverWallet(
  client: Client,
  options: RecoverWalletParameters & { readonly dryRun: true },
): Promise<RecoverableWallet>
export async function recoverWallet(
  client: Client,
  options: RecoverWalletParameters & { readonly dryRun?: false },
): Promise<RecoveredWallet>
export async function recoverWallet(
  client: Client,
  options: RecoverWalletParameters,
): Promise<RecoveredWallet | RecoverableWallet> {
  const recovery = readParameters(client, options)
  return withDeadline(client, { ...options, progress: recovery.progress }, async (deadline, client) => {
    const { progress, rotation } = recovery
    progress.begin('Reading share')
    await client.storage.probe()
    if (rotation !== undefined) await probeMethod(deadline, rotation)
    const call = { client, deadline }
    return withNewestBackup(call, recovery.texts, {
      async open(cipherText) {
        progress.restart()
        progress.begin('Decrypting share')
        const backup = await openBackupSet(call, { ...recovery, cipherText }, progress)
        return requireKeys(client, backup, recovery.publicKeys)
      },
      async use(backup) {
        progress.begin('Parsing share')
        await reconcileKnownWallet(call, toHex(backup.walletId), publicKeys(client, backup))
        return reshareBackup(call, backup, recovery)
      },
      goesOnAfter: ['BACKUP_SUPERSEDED'],
    })
  })
}

/** The validated parameters, with their defaults. */
interface Recovery extends Pick<RecoverWalletParameters, 'method' | 'existingSets' | 'walletId'> {
  readonly limits: SetLimits
  readonly texts: BackupTexts
  readonly publicKeys: PublicKeys | undefined
  readonly rotation: BackupMethod | undefined
  readonly dryRun: boolean
  readonly progress: ProgressReporter
}

function readParameters(client: Client, options: RecoverWalletParameters): Recovery {
  const {
    method,
    existingSets,
    walletId,
    publicKeys,
    rotateBackup = false,
    onProgress,
  } = assertObject(options, 'recoverWallet')
  const texts = backupTexts(options)
  assertBackupMethod(method, 'method')
  oneOf(existingSets, ['keep', 'retire'], 'existingSets')
  if (walletId !== undefined) walletIdArgument(walletId)
  const dryRun = assertBoolean(options.dryRun, 'dryRun')
  const limits = limitsArgument(options)
  if (Object.keys(limits).length > 0 && (existingSets !== 'keep' || rotateBackup !== false || dryRun)) {
    throw new TypeError('a limited set needs existingSets: keep, and neither rotateBackup nor dryRun')
  }
  const plan = dryRun ? plans.dryRecovery : plans.recover
  const progress = createProgress(client, plan, assertFunction(onProgress, 'onProgress'))
  return {
    texts,
    method,
    existingSets,
    limits,
    walletId,
    publicKeys: publicKeys === undefined ? undefined : publicKeysArgument(publicKeys),
    rotation: rotationMethod(rotateBackup, method),
    dryRun,
    progress,
  }
}

/** Wipes the backup if it does not have these keys. */
function requireKeys(client: Client, backup: WalletShares, expected: PublicKeys | undefined): WalletShares {
  if (expected === undefined || equalKeys(publicKeys(client, backup), expected)) return backup
  wipeShares(backup)
  throw new MpcError('BACKUP_OTHER_WALLET', 'this cipherText is the backup of a wallet with other public keys')
}

/** A recovery whose backup is open. */
interface OpenRecovery extends Call {
  readonly recovery: Recovery
  readonly backupShares: WalletShares
  readonly request: RecoverRequest
  readonly operationId: string
  /** What it has made so far. */
  readonly made: MadeSets
}

interface MadeSets {
  signing?: WalletShares
  backup?: WalletShares
  /** The new backup, sealed. */
  cipherText?: string
}

/** Reshares the backup into a new signing set and, if it is rotated, a new backup. */
async function reshareBackup(
  call: Call,
  backupShares: WalletShares,
  recovery: Recovery,
): Promise<RecoveredWallet | RecoverableWallet> {
  const { client, deadline } = call
  const operationId = newOperationId(client)
  const request = recoverRequest(client, backupShares, recovery)
  const open: OpenRecovery = { ...call, recovery, backupShares, request, operationId, made: {} }
  try {
    const { result, results } = await runOperation(client, deadline, {
      operationId,
      request,
      source: backupShares,
      sessions: reshareSessions(client, request, backupShares),
      setup: setupSession(client, operationId, request, backupShares),
      hooks: {
        onRound: (round) => {
          if (round === 1) recovery.progress.begin('Recovering signing share')
          if (round === 2) recovery.progress.begin('Generating share')
        },
        prepare: (results, setup) => prepareSets(open, receivedShares(results), setup),
        discard: (client) => discardSets(client, open),
      },
    })
    receivedShares(results).forEach(wipeKeyShare)
    return recovery.dryRun ? finishDryRun(open, result) : await finishRecovery(open, result)
  } finally {
    for (const shares of [open.made.signing, open.made.backup]) if (shares !== undefined) wipeShares(shares)
  }
}

function recoverRequest(client: Client, backup: WalletShares, recovery: Recovery): RecoverRequest {
  const { existingSets, rotation, dryRun } = recovery
  return {
    kind: 'recover',
    walletId: toHex(backup.walletId),
    setId: toHex(backup.setId),
    label: client.label,
    existingSets,
    rotateBackup: rotation?.name ?? null,
    dryRun,
    ...recovery.limits,
    ...(!dryRun && setupFields(client)),
  }
}

/** Validates the new shares and, unless it is a dry run, seals the new backup and stores the new signing set. */
async function prepareSets(
  open: OpenRecovery,
  newShares: readonly KeyShare[],
  setup: () => NewSetup | undefined,
): Promise<void> {
  const { client, recovery, request, operationId, made } = open
  const { rotation, progress, existingSets } = recovery
  progress.begin('Parsing share')
  const shares = extractShares(client, { request, newShares }, 'signing', progress)
  made.signing = shares
  if (rotation !== undefined) made.backup = extractShares(client, { request, newShares }, 'backup', progress)
  if (recovery.dryRun) return
  progress.begin('Storing share')
  if (made.backup !== undefined) {
    const report = (fraction: number) => progress.within(fraction / 2)
    made.cipherText = await sealVerified(open, rotation!, made.backup, report)
  }
  await prepareSet(open, { shares, setup: setup(), operationId, limits: recovery.limits }, (record) =>
    existingSets === 'retire' ? activeSetIds(record) : [],
  )
}

async function discardSets(client: Client, { recovery, request, made }: OpenRecovery): Promise<void> {
  if (made.signing === undefined || recovery.dryRun) return
  await deletePreparedSet(client, request.walletId, toHex(made.signing.setId))
}

function finishDryRun(open: OpenRecovery, result: OperationResult): RecoverableWallet {
  verifyMadeSet(result, open.made.signing, 'PREPARED')
  open.recovery.progress.finish()
  return { id: open.request.walletId, publicKeys: publicKeys(open.client, open.backupShares) }
}

/** Puts the new set into use, and proves it at once if it replaces others. */
async function finishRecovery(open: OpenRecovery, result: OperationResult): Promise<RecoveredWallet> {
  const { client, deadline, recovery, request, made } = open
  const { progress, existingSets } = recovery
  const setId = verifyMadeSet(result, made.signing, 'ACTIVE')
  let record = await activateSet(client, request.walletId, setId)
  progress.within(0.75)
  if (existingSets === 'retire') record = await proveSet(client, deadline, record, setId)
  const wallet = toWallet(record)
  const rotated = made.backup && pendingBackup(client, made.cipherText!, verifyBackupSet(result, made.backup))
  progress.finish()
  return rotated ? { ...wallet, backup: rotated } : wallet
}
