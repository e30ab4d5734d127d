import { requireAuthorization } from './export.ts'
import type { RateCounts } from './rate-counts.ts'

/**
 * Judges an export by the authorisation that came with it. Until the hook has said yes it counts as a failure: nobody tries
 * one code after another, or many at once. A hook that fails has judged nothing.
 *
 * @param ask the app's hook, applied
 * @param onError told what the hook throws
 * @param onDenied writes down that the hook has said no
 * @throws {RATE_LIMITED} if the client is locked out
 * @throws {POLICY_DENIED} unless the hook answers true
 */
export async function requireCountedAuthorization(
  counts: Pick<RateCounts<never>, 'presumeFailure'>,
  clientId: string,
  ask: () => unknown,
  onError: (error: unknown) => void,
  onDenied?: () => Promise<void>,
): Promise<void> {
  const takeBack = await counts.presumeFailure(clientId)
  let allowed: unknown
  try {
    allowed = await ask()
  } catch (error) {
    await takeBack()
    return requireAuthorization(() => Promise.reject(error), onError)
  }
  if (allowed === true) await takeBack()
  else await onDenied?.()
  await requireAuthorization(() => allowed === true, onError)
}
