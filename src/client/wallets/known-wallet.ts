import { MpcError, isMpcError } from '../../errors.ts'
import type { Call, PublicKeys } from '../types.ts'
import { equalKeys } from '../wallet-shares.ts'
import { reconcileWallet } from './reconcile.ts'
import type { WalletRecord } from './wallet-record.ts'
import { readWallet } from './wallet-store.ts'

/**
 * Finishes what earlier actions left unfinished for a wallet that this device is about to get a new set of.
 *
 * @param keys the wallet's public keys by its backup, or by the device that invites this one
 * @throws {SET_MISMATCH} if this device knows the wallet with other public keys
 */
export async function reconcileKnownWallet(call: Call, walletId: string, keys: PublicKeys): Promise<void> {
  const known = await reconcileIfPossible(call, walletId)
  if (known !== undefined && !equalKeys(known.publicKeys, keys)) {
    throw new MpcError('SET_MISMATCH', 'this device knows the wallet by other public keys')
  }
}

async function reconcileIfPossible({ client, deadline }: Call, walletId: string): Promise<WalletRecord | undefined> {
  try {
    return await reconcileWallet(client, deadline, walletId, { soon: true })
  } catch (error) {
    // Trouble with this device's own set must not prevent its replacement.
    deadline.check()
    if (!isMpcError(error)) throw error
  }
  try {
    return await readWallet(client, walletId)
  } catch (error) {
    deadline.check()
    if (isMpcError(error, 'SHARE_PARSING_FAILED')) return undefined
    throw error
  }
}
