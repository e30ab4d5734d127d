import type { SetLimits } from '../../wire/set-limits.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import type { OperationKind } from '../../wire/operations.ts'
import type { WalletShares } from '../../key-share/types.ts'
import type { Deadline } from '../deadline.ts'
import { reconcileWallet } from './reconcile.ts'
import { loadShares, unlockShares } from './share-store.ts'
import type { Client } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'
import { limitsOf } from './wallet-record.ts'
import { readWallet, shareNotFound } from './wallet-store.ts'

/** How many times an action tries while other tabs replace the set. */
const ATTEMPTS = 4

/**
 * Loads the shares of the set that this device signs with, and wipes them after use. If another tab has replaced the
 * set in the meantime, `use` is called again with the new one.
 *
 * @param use gets the shares, and what limits the set. May be called several times; whatever it started must be over when it fails
 * @throws {SHARE_NOT_FOUND} if this device holds no share of the wallet
 * @throws {SHARE_PARSING_FAILED | SET_MISMATCH} if what it holds is damaged, or belongs to another wallet
 */
export async function useActiveSet<T>(
  client: Client,
  deadline: Deadline,
  walletId: string,
  use: (shares: WalletShares, limits: SetLimits) => Promise<T>,
): Promise<T> {
  await unlockShares(client, walletId)
  for (let attempt = 1; ; attempt++) {
    const record = await reconcileWallet(client, deadline, walletId)
    if (record === undefined || record.activeSetId === null) throw shareNotFound()
    const setId = record.activeSetId
    try {
      const shares = await loadShares(client, record, setId)
      try {
        return await use(shares, limitsOf(record, setId))
      } finally {
        wipeShares(shares)
      }
    } catch (error) {
      if (!isGone(error) || attempt === ATTEMPTS) throw error
      client.ecdsa?.pool.drop(setId)
      if (!(await isReplaced(client, walletId, setId))) throw error
    }
  }
}

/**
 * Checks that this device knows of no limits of its set, before anything is sent: the server would refuse the operation.
 *
 * @throws {POLICY_DENIED} if it does
 */
export function assertUnlimited(limits: SetLimits, kind: OperationKind): void {
  if (Object.keys(limits).length === 0) return
  throw new MpcError('POLICY_DENIED', `a set with a scope or an expiry cannot ${kind}`)
}

/** Whether the set has ended on the server, or deleted here while in use. */
function isGone(error: unknown): boolean {
  return isMpcError(error, 'SET_RETIRED', 'SET_EXPIRED', 'SHARE_NOT_FOUND')
}

/** Whether this device now uses another set. */
async function isReplaced(client: Client, walletId: string, setId: string): Promise<boolean> {
  const record = await readWallet(client, walletId)
  return record !== undefined && record.activeSetId !== null && record.activeSetId !== setId
}
