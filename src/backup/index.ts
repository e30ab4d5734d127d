export { anyOf } from './methods/any-of.ts'
export { createAgeKey, type AgeKeyPair } from './age-keys/create.ts'
export type { AgeKeyKind } from './age-keys/kind.ts'
export type { Argon2Cost, Argon2Engine } from './methods/argon2.ts'
export type { BackupChoice } from './choices.ts'
export { cloudKey, type CloudKeyOptions } from './methods/cloud-key.ts'
export { memoryCloudKey, type CloudKeyCallOptions, type CloudKeyStorage } from './methods/cloud-storage.ts'
export { custom, type CustomOptions } from './methods/custom.ts'
export type { KeyedBackupMethod } from './keyed-method.ts'
export { createBackupMethod } from './method.ts'
export { openBackup } from './open.ts'
export { backupChoicesOf, backupMethodsOf, type OpenOptions } from './open-file.ts'
export { passkey } from './methods/passkey.ts'
export { password, type PasswordOptions } from './methods/password.ts'
export { createPasskey } from '../webauthn/create-passkey.ts'
export type { EvaluatePrf, PrfRequest, PrfResults } from '../webauthn/prf.ts'
export type { BackupRecord } from '../key-share/backup-record.ts'
export type { OnProgress } from './progress.ts'
export { sealBackup, type SealOptions } from './seal.ts'
export type {
  AgeCryptoKey,
  AgeIdentity,
  AgeIdentityCode,
  AgeRecipient,
  AgeRecipientCode,
  AgeStanza,
  BackupKeyOptions,
  BackupKeys,
  BackupMethod,
  BackupOpenOptions,
  IdentityOptions,
  StanzaArguments,
} from './types.ts'
