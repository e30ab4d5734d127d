export { exportPrivateKey, type ExportPrivateKeyParameters } from './client/export-private-key.ts'
export { exportFromBackup, type ExportFromBackupParameters } from './client/export-from-backup.ts'
export type { ExportedEd25519Scalar, ExportedKey, ExportedSecp256k1Key } from './client/exported-key.ts'
