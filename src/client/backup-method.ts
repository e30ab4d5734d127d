import type { BackupMethod } from '../backup/types.ts'
import type { BackupMethodName } from '../types.ts'
import { implementation, oneOf } from './arguments.ts'

const NAMES: readonly BackupMethodName[] = ['PASSWORD', 'PASSKEY', 'GDRIVE', 'ICLOUD', 'CUSTOM']

/**
 * Asserts a backup method.
 *
 * @throws {TypeError} if it is none
 */
export function backupMethod(value: BackupMethod, name: string): BackupMethod {
  implementation(value, ['probe', 'seal', 'open'], name)
  oneOf(value.name, NAMES, `${name}.name`)
  return value
}
