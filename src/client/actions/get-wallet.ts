import { isMpcError, type MpcError } from '../../errors.ts'
import { assertFunction, assertObject, walletIdArgument } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { reconcileWallet } from '../wallets/reconcile.ts'
import { notify } from '../notify.ts'
import type { ActionOptions, Client, Wallet } from '../types.ts'
import { listWalletIds, shareNotFound, toWallet } from '../wallets/wallet-store.ts'

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
  const { walletId } = assertObject(options, 'getWallet')
  walletIdArgument(walletId)
  return withDeadline(client, options, async (deadline, client) => {
    const record = await reconcileWallet(client, deadline, walletId)
    if (record === undefined) throw shareNotFound()
    return toWallet(record)
  })
}

export interface ListWalletsParameters extends ActionOptions {
  /** Told of each wallet that cannot be used now, and why: it is not in the list. */
  readonly onFailed?: (walletId: string, error: MpcError) => void
}

/**
 * The wallets that this device can sign with, also one whose {@link generateWallet} was cut off after the server had
 * made it. What is wrong with one wallet hides no other.
 *
 * @throws {MpcError} if no wallet can be used and there are some: what is wrong with the first, so that an app does not
 * take the device for a new one
 * @throws {STORAGE_UNAVAILABLE} if this device's store cannot be listed
 * @throws {TIMEOUT | ABORTED}
 *
 * @example
 * const [wallet = await generateWallet(client)] = await listWallets(client)
 */
export async function listWallets(client: Client, options: ListWalletsParameters = {}): Promise<Wallet[]> {
  const { onFailed, signal } = assertObject(options, 'listWallets')
  assertFunction(onFailed, 'onFailed')
  return withDeadline(client, options, async (deadline, client) => {
    const walletIds = await listWalletIds(client)
    const settled = await Promise.allSettled(
      walletIds.map((walletId) => reconcileWallet(client, deadline, walletId, { soon: true })),
    )
    if (signal?.aborted) deadline.check()
    const failures = settled.flatMap((outcome, i): (readonly [string, MpcError])[] => {
      if (outcome.status === 'fulfilled' || isUnfinished(outcome.reason)) return []
      if (!isMpcError(outcome.reason)) throw outcome.reason
      return [[walletIds[i]!, outcome.reason]]
    })
    const wallets = settled.flatMap((outcome) =>
      outcome.status === 'fulfilled' && outcome.value && outcome.value.activeSetId !== null
        ? [toWallet(outcome.value)]
        : [],
    )
    const [failure] = failures
    if (failure !== undefined && wallets.length === 0) throw failure[1]
    for (const [walletId, error] of failures) notify(client, () => onFailed?.(walletId, error))
    return wallets
  })
}

/** A wallet that another tab is making is not there yet. */
function isUnfinished(error: unknown): boolean {
  return isMpcError(error, 'OPERATION_IN_PROGRESS')
}
