import { openFile } from './open-file.ts'
import { sealFile } from './seal-file.ts'
import type { AgeFiles, BackupKeys, BackupMethod } from './types.ts'
import { keysArgument } from './keys.ts'

/** A backup method with its keys, so that it can be one of several in a file. */
export type KeyedBackupMethod = BackupMethod & BackupKeys

/** Makes keys that `age` understands a backup method. */
export function keyedMethod(age: AgeFiles, keys: BackupKeys): KeyedBackupMethod {
  keysArgument(keys)
  return {
    ...keys,
    seal: (plaintext, options) => sealFile(age, { ...options, plaintext, methods: [keys] }),
    open: (cipherText, options) => openFile(age, { ...options, cipherText, methods: [keys] }),
  }
}
