import { assertObject, walletIdArgument } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { deleteSets } from '../wallets/share-store.ts'
import type { ActionOptions, Client } from '../types.ts'
import { readWallet } from '../wallets/wallet-store.ts'

export interface RemoveShareParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
}

/**
 * Deletes every share of a wallet from this device, without contacting the server: for signing out. The server still
 * lists the sets until {@link retireSet} retires them.
 *
 * A wallet without a backup and without a share on another device is lost.
 *
 * @throws {SHARE_PARSING_FAILED} if what this device stores of the wallet is damaged
 * @throws {STORAGE_UNAVAILABLE | TIMEOUT | ABORTED}
 *
 * @example
 * await removeShare(client, { walletId })
 */
export async function removeShare(client: Client, options: RemoveShareParameters): Promise<void> {
  const { walletId } = assertObject(options, 'removeShare')
  walletIdArgument(walletId)
  await withDeadline(client, options, async (_, client) => {
    const record = await readWallet(client, walletId)
    if (record === undefined) return
    await deleteSets(
      client,
      walletId,
      record.sets.map((set) => set.setId),
    )
  })
}
