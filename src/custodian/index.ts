export { createCustodian, type CustodianApp, type CustodianOptions } from './create-custodian.ts'
export type { AuthorizeExport, BackupExportAuthorization, Custodian, CustodianBackup, CustodianUser } from './types.ts'
export { webhookCustodian, type WebhookOptions } from './webhook-custodian.ts'
