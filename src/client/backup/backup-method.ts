import type { BackupKeyOptions, BackupMethod, BackupOpenOptions } from '../../backup/types.ts'
import type { WalletShares } from '../../key-share/types.ts'
import type { BackupMethodName } from '../../types.ts'
import { assertMethods, oneOf } from '../arguments.ts'
import type { Deadline } from '../deadline.ts'

const NAMES: readonly BackupMethodName[] = ['PASSWORD', 'PASSKEY', 'GDRIVE', 'ICLOUD', 'CUSTOM']

/**
 * How long a backup method may take for one thing. It does not count for the action: a password's derivation takes more than
 * a minute where the engine has no compiler, and so does a person who is asked for a passkey.
 */
const METHOD_MS = 5 * 60_000

/**
 * Asserts a backup method.
 *
 * @throws {TypeError} if it is none
 */
export function assertBackupMethod(value: BackupMethod, name: string): BackupMethod {
  assertMethods(value, ['probe', 'seal', 'open'], name)
  oneOf(value.name, NAMES, `${name}.name`)
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
