import type { BackupKeyOptions, BackupMethod, BackupOpenOptions } from '../../backup/types.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { BACKUP_METHODS } from '../../types.ts'
import { assertMethods, oneOf } from '../arguments.ts'
import type { Deadline } from '../deadline.ts'

/**
 * How long one call of a backup method may take. It does not count towards the action's timeout: deriving a key from a
 * password takes more than a minute in an engine without a JIT compiler, and a user may take as long for a passkey.
 */
const METHOD_MS = 5 * 60_000

/**
 * Asserts a backup method.
 *
 * @throws {TypeError} if it is not one
 */
export function assertBackupMethod(value: BackupMethod, name: string): BackupMethod {
  assertMethods(value, ['probe', 'seal', 'open'], name)
  oneOf(value.name, BACKUP_METHODS, `${name}.name`)
  return value
}

export function probeMethod(deadline: Deadline, method: BackupMethod): Promise<void> {
  return deadline.apart(METHOD_MS, () => method.probe({ signal: deadline.signal }))
}

export function sealBy(
  deadline: Deadline,
  method: BackupMethod,
  shares: WalletShares,
  options: BackupKeyOptions,
): Promise<string> {
  return deadline.apart(METHOD_MS, () => method.seal(shares, options))
}

export function openBy(
  deadline: Deadline,
  method: BackupMethod,
  cipherText: string,
  options: BackupOpenOptions,
): Promise<WalletShares> {
  return deadline.apart(METHOD_MS, () => method.open(cipherText, options))
}
