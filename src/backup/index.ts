export { anyOf } from './any-of.ts'
export type { Argon2Cost, Argon2Engine } from './argon2.ts'
export { cloudKey, type CloudKeyOptions } from './cloud-key.ts'
export { memoryCloudKey, type CloudKeyStorage } from './cloud-storage.ts'
export { custom, type CustomOptions } from './custom.ts'
export type { KeyedBackupMethod } from './keyed-method.ts'
export { backupMethod } from './method.ts'
export { openBackup } from './open.ts'
export { backupMethodsOf, type OpenOptions } from './open-record.ts'
export { createPasskey, passkey } from './passkey.ts'
export { password, type PasswordOptions } from './password.ts'
export type { BackupRecord } from './record.ts'
export { sealBackup } from './seal.ts'
export type { SealOptions } from './seal-record.ts'
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
