export { Portal } from './portal.ts'
export type { PortalBackup, PortalMpc, PortalOptions, PortalPrivateKeys, PortalProgress } from './portal.ts'
export type { BackupConfigs, PortalBackupMethods } from './methods.ts'
export { BackupMethods, MpcStatuses } from './names.ts'
