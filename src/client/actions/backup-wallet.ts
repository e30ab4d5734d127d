import type { BackupRequest } from '../../wire/operations.ts'
import type { BackupMethod } from '../../backup/types.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { assertUnlimited, useActiveSet } from '../wallets/active-set.ts'
import { assertFunction, assertObject, walletIdArgument } from '../arguments.ts'
import { assertBackupMethod, probeMethod } from '../backup/backup-method.ts'
import { pendingBackup, type PendingBackup } from './confirm-backup.ts'
import { withDeadline } from '../deadline.ts'
import { verifyMadeSet } from '../operations/verify-result.ts'
import { extractShares } from '../operations/extract-shares.ts'
import { createProgress, plans, type Progress } from '../progress.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import { sealVerified } from '../backup/seal-verified.ts'
import { receivedShares, reshareSessions } from '../operations/sessions.ts'
import type { ActionOptions, Client } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'

export interface BackupWalletParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** What seals the backup; `reshare/backup` has several. */
  readonly method: BackupMethod
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Makes a backup set: the custodian stores its share, and the client's share is returned sealed.
 *
 * It replaces the previous backup only once it is confirmed. The sealed share has been opened again and checked.
 *
 * @throws {PASSWORD_REQUIRED | STORAGE_UNAVAILABLE} if the method cannot keep its key; nothing was changed
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {BACKUP_CORRUPT} if the method does not open what it sealed
 * @throws {WEBHOOK_FAILED} if the custodian could not be reached, or did not return the share it was given
 * @throws {PROTOCOL_ABORTED | NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED}
 *
 * @example
 * const { cipherText, setId, confirm } = await backupWallet(client, { walletId: wallet.id, method: password(secret) })
 * await putOnMyServer(setId, cipherText) // keep earlier ones: they recover the wallet until `confirm`
 * await confirm()
 */
export async function backupWallet(client: Client, options: BackupWalletParameters): Promise<PendingBackup> {
  const { walletId, method, onProgress } = assertObject(options, 'backupWallet')
  walletIdArgument(walletId)
  assertBackupMethod(method, 'method')
  const progress = createProgress(client, plans.backup, assertFunction(onProgress, 'onProgress'))
  return withDeadline(client, { ...options, progress }, async (deadline, client) => {
    progress.begin('Reading share')
    await probeMethod(deadline, method)
    return useActiveSet(client, deadline, walletId, async (shares, limits) => {
      assertUnlimited(limits, 'backup')
      progress.restart()
      const request: BackupRequest = {
        kind: 'backup',
        walletId,
        setId: toHex(shares.setId),
        backupMethod: method.name,
      }
      let newShares: WalletShares | undefined
      let cipherText = ''
      try {
        const { result, results } = await runOperation(client, deadline, {
          operationId: newOperationId(client),
          request,
          source: shares,
          sessions: reshareSessions(client, request, shares),
          hooks: {
            onRound: (round) => {
              if (round === 1) progress.begin('Generating share')
              if (round === 2) progress.within(0.5)
            },
            prepare: async (results) => {
              progress.begin('Parsing share')
              newShares = extractShares(client, { request, newShares: receivedShares(results) }, 'backup', progress)
              progress.begin('Encrypting share')
              const report = (fraction: number) => progress.within(fraction)
              cipherText = await sealVerified({ client, deadline }, method, newShares, report)
              progress.begin('Storing share')
            },
          },
        })
        receivedShares(results).forEach(wipeKeyShare)
        const setId = verifyMadeSet(result, newShares, 'PREPARED')
        progress.finish()
        return pendingBackup(client, cipherText, setId)
      } finally {
        if (newShares !== undefined) wipeShares(newShares)
      }
    })
  })
}
