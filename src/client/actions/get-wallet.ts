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
 * The wallet as this device holds it. The server is contacted only if an earlier action was interrupted.
 *
 * @throws {SHARE_NOT_FOUND} if this device has no set of it that can sign: recover it
 * @throws {SHARE_PARSING_FAILED} if what this device stores of it is damaged: recover it
 * @throws {SET_RETIRED} if the set was retired before the action that made it could finish
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | STORAGE_UNAVAILABLE}
 *
 * @example
 * const { publicKeys } = await getWallet(client, { walletId })
 */
export async function getWallet(client: Client, options: GetWalletParameters): Promise<Wallet> {
  const { walletId } = assertObject(options, 'getWallet')
  walletIdArgument(walletId)
  return withDeadline(client, options, async (deadline, client) => {
    const record = await reconcileWallet(client, deadline, walletId, { quiet: true })
    if (record === undefined) throw shareNotFound()
    return toWallet(record)
  })
}

export interface ListWalletsParameters extends ActionOptions {
  /** Called for each wallet that cannot be used now and is therefore not in the list. */
  readonly onFailed?: (walletId: string, error: MpcError) => void
}

/**
 * The wallets that this device can sign with, including one whose {@link generateWallet} was interrupted after the
 * server had committed it. A wallet that fails does not hide the others.
 *
 * @throws {MpcError} the first wallet's error if there are wallets but none can be used, so that an app does not take
 * the device for a new one
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
      walletIds.map((walletId) => reconcileWallet(client, deadline, walletId, { soon: true, quiet: true })),
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

/** A wallet that another tab is still generating does not exist yet. */
function isUnfinished(error: unknown): boolean {
  return isMpcError(error, 'OPERATION_IN_PROGRESS')
}
