import { isMpcError } from '../errors.ts'
import { parameters, walletIdArgument } from './arguments.ts'
import { withDeadline } from './deadline.ts'
import { settleWallet } from './settle.ts'
import type { ActionOptions, Client, Wallet } from './types.ts'
import { listWalletIds, shareNotFound, toWallet } from './wallet-store.ts'

export interface GetWalletParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
}

/**
 * The wallet as this device holds it. The server is asked only if an earlier action was cut off.
 *
 * @throws {SHARE_NOT_FOUND} if no set of it can sign on this device: recover it
 * @throws {SHARE_PARSING_FAILED} if what this device stores of it is damaged: recover it
 * @throws {SET_RETIRED} if the set was ended before the action that made it could finish
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED | STORAGE_UNAVAILABLE}
 *
 * @example
 * const { publicKeys } = await getWallet(client, { walletId })
 */
export async function getWallet(client: Client, options: GetWalletParameters): Promise<Wallet> {
  const { walletId } = parameters(options, 'getWallet')
  walletIdArgument(walletId)
  return withDeadline(client, options, async (deadline) => {
    const record = await settleWallet(client, deadline, walletId)
    if (record === undefined) throw shareNotFound()
    return toWallet(record)
  })
}

/**
 * The wallets that this device can sign with, also one whose {@link generateWallet} was cut off after the server had
 * made it.
 *
 * @throws {SHARE_PARSING_FAILED} if what this device stores of one is damaged
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED | STORAGE_UNAVAILABLE}
 *
 * @example
 * const [wallet = await generateWallet(client)] = await listWallets(client)
 */
export async function listWallets(client: Client, options: ActionOptions = {}): Promise<Wallet[]> {
  parameters(options, 'listWallets')
  return withDeadline(client, options, async (deadline) => {
    const wallets: Wallet[] = []
    for (const walletId of await deadline.race(listWalletIds(client))) {
      const record = await settleWallet(client, deadline, walletId).catch(ignoreUnfinished)
      if (record !== undefined && record.activeSetId !== null) wallets.push(toWallet(record))
    }
    return wallets
  })
}

/** A wallet that another tab is making is not there yet. */
function ignoreUnfinished(error: unknown): undefined {
  if (!isMpcError(error, 'OPERATION_IN_PROGRESS')) throw error
}
