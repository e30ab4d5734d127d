export type { LockOut, Rate } from '../service/rates.ts'
export { createCustodian, type CustodianApp, type CustodianOptions } from './backend/create-custodian.ts'
export type { CustodianLimitOptions, CustodianRates } from './backend/limits.ts'
export type {
  AuthorizeBackupExport,
  BackupExportAuthorization,
  Custodian,
  CustodianBackup,
  CustodianUser,
} from './types.ts'
export type { HookOptions } from '../service/hooks.ts'
export type { MasterKey, MasterKeys, Rotation } from '../util/master-keys.ts'
export { webhookCustodian, type WebhookOptions } from './webhook-custodian.ts'
