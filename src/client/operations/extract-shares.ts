import type { OperationRequest } from '../../wire/operations.ts'
import { combineShares, validateKeyShare, wipeKeyShare } from '../../key-share/index.ts'
import type { KeyShare, WalletShares } from '../../key-share/types.ts'
import type { Purpose } from '../../types.ts'
import type { ProgressReporter } from '../progress.ts'
import { shareSessions } from './sessions.ts'
import type { Client } from '../types.ts'

/**
 * Takes one target set's shares from what an operation's sessions made, and validates each: s·G = Y, Σ λY = pk.
 *
 * @param made one for each sessionIndex that brings a share; wiped if one of the target's is not valid
 * @throws {SHARE_PARSING_FAILED} if one is not valid
 */
export function extractShares(
  client: Client,
  request: OperationRequest,
  made: readonly KeyShare[],
  target: Purpose,
  progress: ProgressReporter,
): WalletShares {
  const specs = shareSessions(request)
  const shares = made.filter((_, sessionIndex) => specs[sessionIndex]!.target === target)
  try {
    shares.forEach((share, index) => {
      const { curve } = share.record
      validateKeyShare(client.group(curve), share)
      progress.within((index + 1) / shares.length, curve)
    })
    return combineShares(shares)
  } catch (error) {
    made.forEach(wipeKeyShare)
    throw error
  }
}
