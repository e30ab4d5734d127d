export { exportPrivateKey, type ExportPrivateKeyParameters } from './client/actions/export-private-key.ts'
export {
  exportFromBackup,
  type ExportFromBackupOptions,
  type ExportFromBackupParameters,
} from './client/actions/export-from-backup.ts'
export type { ExportedEd25519Scalar, ExportedKey, ExportedSecp256k1Key } from './client/backup/exported-key.ts'
