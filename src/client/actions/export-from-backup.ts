import { custodianPaths, type ChallengeRequest, type ShareRequest } from '../../wire/export.ts'
import type { BackupMethod } from '../../backup/types.ts'
import type { Transport } from '../../transport/types.ts'
import { CURVES, type Curve } from '../../types.ts'
import { toHex } from '../../util/bytes.ts'
import { AUTHORIZATION, checkText } from '../../util/text.ts'
import { parseHexResponse } from '../operations/parse-responses.ts'
import { assertFunction, assertMethods, oneOf, assertObject, walletIdArgument } from '../arguments.ts'
import { assertBackupMethod } from '../backup/backup-method.ts'
import { postJson } from '../operations/api-client.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import { collectKey, exportedKeyAt, type ExportedKey, type ShareHolder } from '../backup/exported-key.ts'
import { openBackupSet } from '../backup/open-backup.ts'
import { backupTexts, type BackupInput } from '../backup/backup-source.ts'
import { withNewestBackup } from '../backup/newest-backup.ts'
import { createProgress, plans, type Progress } from '../progress.ts'
import { newOperationId } from '../operations/run-operation.ts'
import { pathArgument } from '../signing/sign-parameters.ts'
import type { ActionOptions, Client } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

/** Parameters of {@link exportFromBackup}, with the backup as its cipherText or as a source of several. */
export type ExportFromBackupParameters = ExportFromBackupOptions & BackupInput

/** Parameters of {@link exportFromBackup} besides the backup. */
export interface ExportFromBackupOptions extends ActionOptions {
  /** The method that opens the backup. */
  readonly method: BackupMethod
  /** How the custodian is reached: the app's backend, with the endpoints of `reshare/custodian`. */
  readonly custodian: Transport
  /** Which of the wallet's keys. */
  readonly curve: Curve
  /** Steps without hardening, such as `m/0/5` (BIP 32, or BIP32-Ed25519). Default: the wallet's own key. */
  readonly path?: string
  /** Passed to the custodian's `authorizeExport`, 1 to 4,096 UTF-16 code units: a fresh authorization by the user. */
  readonly authorization: string
  /** The wallet that the backup must belong to: 16 bytes in lower-case hex. */
  readonly walletId?: string
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Reconstructs one of a wallet's private keys from its backup: from the cipherText and the custodian's share. It does
 * not use the signing server, so it works when that is gone or refuses.
 *
 * The warnings of {@link exportPrivateKey} apply here too. Compare the result's public key with the one you expect:
 * whoever stores the cipherTexts could substitute another wallet's.
 *
 * @throws {PASSWORD_REQUIRED | WRONG_PASSWORD | DECRYPT_FAILED | BACKUP_CORRUPT | BACKUP_OTHER_WALLET} if the
 * cipherText does not open; nothing was changed
 * @throws {SHARE_NOT_FOUND} if `backups` has none
 * @throws {AUTH_FAILED} if the custodian does not know the user, or holds no share of this backup for the user
 * @throws {POLICY_DENIED} if the custodian does not allow it; without an `authorizeExport` hook it allows none
 * @throws {RATE_LIMITED} if the user has started too many exports at the custodian, or is locked out there
 * @throws {PROTOCOL_ABORTED} if what the custodian sends is not its share of this backup
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED}
 *
 * @example
 * const custodian = httpTransport('https://app.example', { headers: () => ({ authorization: session }) })
 * const { privateKey } = await exportFromBackup(client, { cipherText, method, custodian, curve, authorization })
 */
export async function exportFromBackup(client: Client, options: ExportFromBackupParameters): Promise<ExportedKey> {
  const { method, custodian, curve, authorization, walletId, onProgress } = assertObject(options, 'exportFromBackup')
  const texts = backupTexts(options)
  assertBackupMethod(method, 'method')
  assertMethods(custodian, ['request'], 'custodian')
  oneOf(curve, CURVES, 'curve')
  const path = pathArgument(options.path)
  checkText(authorization, AUTHORIZATION, 'authorization')
  if (walletId !== undefined) walletIdArgument(walletId)
  const progress = createProgress(client, plans.export, assertFunction(onProgress, 'onProgress'))
  return withDeadline(client, options, async (deadline, client) => {
    progress.begin('Decrypting share')
    const call = { client, deadline }
    return withNewestBackup(call, texts, {
      open(cipherText) {
        progress.restart()
        return openBackupSet(call, { method, cipherText, walletId }, progress)
      },
      async use(backup) {
        progress.begin('Parsing share')
        const exportId = newOperationId(client)
        const exportRequest = { setId: toHex(backup.setId), curve, authorization }
        const holder = custodianShare({ ...client, transport: custodian }, deadline, exportId, exportRequest)
        const share = shareOn(backup, curve)
        const key = await collectKey(client, share, exportId, holder)
        progress.finish()
        return exportedKeyAt(client.group(curve), share.record, key, path)
      },
      // What a custodian says of a set whose share it has deleted: the backup was superseded.
      goesOnAfter: ['AUTH_FAILED'],
    })
  })
}

function custodianShare(
  custodian: Client,
  deadline: Deadline,
  exportId: string,
  exportRequest: Omit<ChallengeRequest, 'receiver'>,
): ShareHolder {
  return {
    async challenge(receiver) {
      const body: ChallengeRequest = { ...exportRequest, receiver }
      return parseHexResponse(
        await postJson(custodian, deadline, custodianPaths.challenge(exportId), body),
        'challenge',
      )
    },
    async share(proof) {
      const body: ShareRequest = { proof: toHex(proof) }
      return parseHexResponse(await postJson(custodian, deadline, custodianPaths.share(exportId), body), 'sealed')
    },
  }
}
