import { isMpcError } from '../errors.ts'
import type { WalletShares } from '../share/types.ts'
import type { Deadline } from './deadline.ts'
import { settleWallet } from './settle.ts'
import { loadShares } from './share-store.ts'
import type { Client } from './types.ts'
import { wipeShares } from './wallet-shares.ts'
import { readWallet, shareNotFound } from './wallet-store.ts'

/** How often another tab may replace the set between the reading of the record and that of the share. */
const LOAD_ATTEMPTS = 4

/**
 * Uses the shares of the set that this device signs with, and wipes them.
 *
 * @throws {SHARE_NOT_FOUND} if this device holds no share of the wallet
 * @throws {SHARE_PARSING_FAILED | SET_MISMATCH} if what it holds is damaged, or of another wallet
 */
export async function useActiveSet<T>(
  client: Client,
  deadline: Deadline,
  walletId: string,
  use: (shares: WalletShares) => Promise<T>,
): Promise<T> {
  const shares = await loadActiveSet(client, deadline, walletId)
  try {
    return await use(shares)
  } finally {
    wipeShares(shares)
  }
}

async function loadActiveSet(client: Client, deadline: Deadline, walletId: string): Promise<WalletShares> {
  for (let attempt = 1; ; attempt++) {
    const record = await settleWallet(client, deadline, walletId)
    if (record === undefined || record.activeSetId === null) throw shareNotFound()
    try {
      return await loadShares(client, record, record.activeSetId)
    } catch (error) {
      const gone = isMpcError(error, 'SHARE_NOT_FOUND')
      if (!gone || attempt === LOAD_ATTEMPTS) throw error
      if (!(await isReplaced(client, walletId, record.activeSetId))) throw error
    }
  }
}

/** Whether this device uses another set by now. */
export async function isReplaced(client: Client, walletId: string, setId: string): Promise<boolean> {
  const record = await readWallet(client, walletId)
  return record !== undefined && record.activeSetId !== null && record.activeSetId !== setId
}
