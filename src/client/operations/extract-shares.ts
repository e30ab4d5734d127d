import type { OperationRequest } from '../../wire/operations.ts'
import { combineShares, validateKeyShare, wipeKeyShare } from '../../key-share/index.ts'
import type { KeyShare, WalletShares } from '../../key-share/types.ts'
import type { Purpose } from '../../types.ts'
import type { ProgressReporter } from '../progress.ts'
import { shareSessions } from './sessions.ts'
import type { Client } from '../types.ts'

/**
 * Picks the shares of one target set from the new shares of an operation, and validates each: s·G = Y, Σ λY = pk.
 *
 * @param made.newShares one per session that makes a share, in order; wiped if one of the target's is invalid
 * @throws {SHARE_PARSING_FAILED} if one is invalid
 */
export function extractShares(
  client: Client,
  { request, newShares }: { readonly request: OperationRequest; readonly newShares: readonly KeyShare[] },
  target: Purpose,
  progress: ProgressReporter,
): WalletShares {
  const specs = shareSessions(request)
  const shares = newShares.filter((_, sessionIndex) => specs[sessionIndex]!.target === target)
  try {
    shares.forEach((share, index) => {
      const { curve } = share.record
      validateKeyShare(client.group(curve), share)
      progress.within((index + 1) / shares.length, curve)
    })
    return combineShares(shares)
  } catch (error) {
    newShares.forEach(wipeKeyShare)
    throw error
  }
}
