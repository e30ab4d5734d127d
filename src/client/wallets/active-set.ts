import { isMpcError } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import type { Deadline } from '../deadline.ts'
import { reconcileWallet } from './reconcile.ts'
import { loadShares } from './share-store.ts'
import type { Client } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'
import { readWallet, shareNotFound } from './wallet-store.ts'

/** How often another tab may replace the set while one action uses it. */
const ATTEMPTS = 4

/**
 * Uses the shares of the set that this device signs with, and wipes them. Where another tab has replaced the set meanwhile,
 * the new one is used in the same way.
 *
 * @param use may run several times; what it has begun is over when it fails
 * @throws {SHARE_NOT_FOUND} if this device holds no share of the wallet
 * @throws {SHARE_PARSING_FAILED | SET_MISMATCH} if what it holds is damaged, or of another wallet
 */
export async function useActiveSet<T>(
  client: Client,
  deadline: Deadline,
  walletId: string,
  use: (shares: WalletShares) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const record = await reconcileWallet(client, deadline, walletId)
    if (record === undefined || record.activeSetId === null) throw shareNotFound()
    const setId = record.activeSetId
    try {
      const shares = await loadShares(client, record, setId)
      try {
        return await use(shares)
      } finally {
        wipeShares(shares)
      }
    } catch (error) {
      if (!isGone(error) || attempt === ATTEMPTS) throw error
      client.pool.drop(setId)
      if (!(await isReplaced(client, walletId, setId))) throw error
    }
  }
}

/** Whether the set is over on the server, or was deleted here in the middle of its use. */
function isGone(error: unknown): boolean {
  return isMpcError(error, 'SET_RETIRED') || isMpcError(error, 'SHARE_NOT_FOUND')
}

/** Whether this device uses another set by now. */
async function isReplaced(client: Client, walletId: string, setId: string): Promise<boolean> {
  const record = await readWallet(client, walletId)
  return record !== undefined && record.activeSetId !== null && record.activeSetId !== setId
}
