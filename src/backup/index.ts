export { anyOf } from './any-of.ts'
export type { Argon2Cost, Argon2Engine } from './argon2.ts'
export { cloudKey, type CloudKeyOptions } from './cloud-key.ts'
export { memoryCloudKey, type CloudKeyStorage } from './cloud-storage.ts'
export { custom, type CustomOptions } from './custom.ts'
export { backupMethod, type KeyedBackupMethod } from './method.ts'
export { backupMethodsOf, openBackup, type OpenOptions } from './open.ts'
export { createPasskey, passkey } from './passkey.ts'
export { password, type PasswordOptions } from './password.ts'
export type { BackupRecord } from './record.ts'
export { sealBackup, type SealOptions } from './seal.ts'
export type {
  AgeIdentity,
  AgeRecipient,
  BackupKeyOptions,
  BackupKeys,
  BackupMethod,
  BackupOpenOptions,
  IdentityOptions,
  StanzaArguments,
} from './types.ts'
