import { requireAuthorization } from '../wire/export.ts'

/**
 * Judges an export by the authorisation that came with it. Until the hook has said yes it counts as a failure, and nothing
 * but a yes takes that back: nobody tries one code after another, or many at once, by making the hook fail.
 *
 * @param reserveFailure counts the try and its failure; resolves to what takes the failure back
 * @param ask the app's hook, applied
 * @param onError told what the hook throws, and what does not get into the database afterwards
 * @param onDenied writes down that the hook has not said yes
 * @throws {RATE_LIMITED} if there were too many tries, or failures
 * @throws {POLICY_DENIED} unless the hook answers true
 */
export async function requireCountedAuthorization(
  reserveFailure: () => Promise<() => Promise<void>>,
  ask: () => unknown,
  onError: (error: unknown) => void,
  onDenied: () => Promise<void>,
): Promise<void> {
  const takeBack = await reserveFailure()
  try {
    await requireAuthorization(ask, onError)
  } catch (denied) {
    await onDenied().catch(onError)
    throw denied
  }
  // What was allowed goes on: at worst it has cost a failure.
  await takeBack().catch(onError)
}
