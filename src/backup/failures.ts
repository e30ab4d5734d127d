import { MpcError } from '../errors.ts'

export { throwIfAborted, withCode } from '../util/failures.ts'

/** The file is not what was sealed, or never was a backup. No other key and no other try will help. */
export function corrupt(message: string, cause?: unknown): MpcError {
  return new MpcError('BACKUP_CORRUPT', `the backup is damaged: ${message}`, { cause })
}
