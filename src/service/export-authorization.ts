import { requireAuthorization } from '../wire/export.ts'

/**
 * Judges an export by its authorization. Until the hook has allowed it, it counts as a failure, and nothing else takes
 * that back. So nobody can try many codes, in turn or at once, by making the hook fail.
 *
 * @param reserveFailure counts the attempt and its failure; resolves to a function that takes the failure back
 * @param ask calls the app's hook
 * @param onError receives what the hook throws, and errors of the database afterwards
 * @param onDenied records that the hook has not allowed it
 * @throws {RATE_LIMITED} if there were too many attempts or failures
 * @throws {POLICY_DENIED} unless the hook returns true
 */
export async function requireCountedAuthorization(
  reserveFailure: () => Promise<() => Promise<void>>,
  ask: () => unknown,
  onError: (error: unknown) => void,
  onDenied: () => Promise<void>,
): Promise<void> {
  const release = await reserveFailure()
  try {
    await requireAuthorization(ask, onError)
  } catch (denied) {
    await onDenied().catch(onError)
    throw denied
  }
  // An allowed export proceeds even if its failure could not be taken back.
  await release().catch(onError)
}
