import { MpcError } from '../errors.ts'
import { within } from '../util/within.ts'

export { throwIfAborted, withCode } from '../util/failures.ts'

/** The file is not what was sealed, or never was a backup. No other key and no other try will help. */
export function corrupt(message: string, cause?: unknown): MpcError {
  return new MpcError('BACKUP_CORRUPT', `the backup is damaged: ${message}`, { cause })
}

/** How long a failed call waits for its clean-up. */
const CLEAN_UP_MS = 10_000

/**
 * Deletes what a failed call has left behind, if that is possible. Never throws, so that the first error is the one that is
 * reported. A caller who has aborted does not wait for it.
 *
 * @param caller the signal of the call that failed
 * @param work gets a signal of its own, which is aborted after ten seconds
 */
export async function cleanUp(
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const done = within(CLEAN_UP_MS, work, () => new MpcError('TIMEOUT', 'the clean-up took too long')).catch(() => {})
  if (!caller?.aborted) await done
}
