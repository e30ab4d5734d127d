import { textAge } from './age-keys/text-age.ts'
import { keyedMethod, type KeyedBackupMethod } from './keyed-method.ts'
import type { BackupKeys } from './types.ts'

/** Makes keys a backup method: the way to write one's own. */
export function createBackupMethod(keys: BackupKeys): KeyedBackupMethod {
  return keyedMethod(textAge, keys)
}
