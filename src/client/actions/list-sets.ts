import type { SetStatus } from '../../wire/operations.ts'
import { assertObject, walletIdArgument } from '../arguments.ts'
import { getSets } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client } from '../types.ts'
import { readWallet } from '../wallets/wallet-store.ts'

export interface ListSetsParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
}

/** A set as the server knows it. */
export interface WalletSet extends SetStatus {
  /** Whether it is the signing set that this device uses. */
  readonly thisDevice: boolean
}

/**
 * Lists the wallet's sets on all devices: one signing set per device, and the backups.
 *
 * @throws {SHARE_NOT_FOUND} if this client has no such wallet
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED}
 *
 * @example
 * for (const { label, lastUsedAt, state } of await listSets(client, { walletId })) console.log(label, lastUsedAt, state)
 */
export async function listSets(client: Client, options: ListSetsParameters): Promise<WalletSet[]> {
  const { walletId } = assertObject(options, 'listSets')
  walletIdArgument(walletId)
  return withDeadline(client, options, async (deadline, client) => {
    const sets = await getSets(client, deadline, walletId)
    const record = await readWallet(client, walletId)
    return sets.map((set) => ({ ...set, thisDevice: set.setId === record?.activeSetId }))
  })
}
