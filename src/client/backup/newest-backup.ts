import { isMpcError, MpcError, type ErrorCode } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import type { Call } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'
import type { BackupTexts } from './backup-source.ts'

/** Why a cipherText does not serve while another may, the most telling first: that is what a failure ends with. */
const DOES_NOT_OPEN = [
  'WRONG_PASSWORD',
  'PASSWORD_REQUIRED',
  'BACKUP_PARTS_MISSING',
  'DECRYPT_FAILED',
  'BACKUP_CORRUPT',
  'BACKUP_OTHER_WALLET',
] as const satisfies readonly ErrorCode[]

/** What an action does with a backup. */
export interface BackupUse<T> {
  /** Opens a cipherText. */
  open(cipherText: string): Promise<WalletShares>
  /** Does the rest with the opened backup, which is wiped afterwards. */
  use(backup: WalletShares): Promise<T>
  /** The errors of `use` that say that nothing was changed and an older backup may serve. */
  readonly goesOnAfter: readonly ErrorCode[]
}

/**
 * Uses the first backup that opens and serves.
 *
 * @throws {SHARE_NOT_FOUND} if there is none
 * @throws {MpcError} if none serves: the most telling of their errors; any other error at once
 */
export async function withNewestBackup<T>(call: Call, texts: BackupTexts, backup: BackupUse<T>): Promise<T> {
  const failures: MpcError[] = []
  for await (const cipherText of texts(call)) {
    const opened = await orFailure(backup.open(cipherText), DOES_NOT_OPEN)
    if (isMpcError(opened)) {
      failures.push(opened)
      continue
    }
    try {
      const used = await orFailure(backup.use(opened), backup.goesOnAfter)
      if (!isMpcError(used)) return used
      failures.push(used)
    } finally {
      wipeShares(opened)
    }
  }
  throw mostTelling(failures) ?? new MpcError('SHARE_NOT_FOUND', 'no backup of this user is stored')
}

/** The result, or an error of these codes. */
async function orFailure<T>(work: Promise<T>, codes: readonly ErrorCode[]): Promise<T | MpcError> {
  return work.catch((error: unknown) => {
    if (isMpcError(error) && codes.includes(error.code)) return error
    throw error
  })
}

function mostTelling(failures: readonly MpcError[]): MpcError | undefined {
  for (const code of DOES_NOT_OPEN) {
    const failure = failures.find((error) => error.code === code)
    if (failure !== undefined) return failure
  }
  return failures[0]
}
