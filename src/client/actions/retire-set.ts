import type { SetStatus } from '../../wire/operations.ts'
import { assertObject, setIdArgument, walletIdArgument } from '../arguments.ts'
import { postRetire } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import { deleteSets } from '../wallets/share-store.ts'
import type { ActionOptions, Client } from '../types.ts'
import { readWallet } from '../wallets/wallet-store.ts'

export interface RetireSetParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** 32 bytes in lower-case hex, from {@link listSets} */
  readonly setId: string
}

/**
 * Retires a set permanently: the server destroys its share, and so does this device if it has one.
 *
 * @throws {SHARE_NOT_FOUND} if this client has no such set
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED}
 *
 * @example
 * await retireSet(client, { walletId, setId: lostTablet.setId })
 */
export async function retireSet(client: Client, options: RetireSetParameters): Promise<SetStatus> {
  const { walletId, setId } = assertObject(options, 'retireSet')
  walletIdArgument(walletId)
  setIdArgument(setId)
  return withDeadline(client, options, async (deadline, client) => {
    const status = await postRetire(client, deadline, setId)
    const record = await readWallet(client, walletId)
    if (record?.sets.some((set) => set.setId === setId)) await deleteSets(client, walletId, [setId])
    return status
  })
}
