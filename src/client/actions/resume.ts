import type { MpcError } from '../../errors.ts'
import { isMpcError } from '../../errors.ts'
import { assertObject } from '../arguments.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import { deleteUnreferencedShares } from '../wallets/unreferenced-shares.ts'
import { reconcileWallet } from '../wallets/reconcile.ts'
import type { ActionOptions, Client, Wallet } from '../types.ts'
import { listWalletIds, toWallet } from '../wallets/wallet-store.ts'

const WALLETS_AT_ONCE = 8

/**
 * The outcome for one wallet. `READY`: this device can sign with it and nothing is unfinished. `PENDING`: it can sign,
 * but `error` kept something from being finished. `NO_SHARE`: this device has no share of it; recover it.
 * `FAILED`: this device cannot use it because of `error`.
 */
export type ResumedWallet =
  | {
      /** 16 bytes in lower-case hex */
      readonly walletId: string
      /** This device can sign, and nothing is unfinished. */
      readonly outcome: 'READY'
      /** The wallet. */
      readonly wallet: Wallet
    }
  | {
      /** 16 bytes in lower-case hex */
      readonly walletId: string
      /** This device can sign, but something is unfinished. */
      readonly outcome: 'PENDING'
      /** The wallet. */
      readonly wallet: Wallet
      /** What kept it from being finished. */
      readonly error: MpcError
    }
  | {
      /** 16 bytes in lower-case hex */
      readonly walletId: string
      /** This device has no share of the wallet. */
      readonly outcome: 'NO_SHARE'
    }
  | {
      /** 16 bytes in lower-case hex */
      readonly walletId: string
      /** This device cannot use the wallet. */
      readonly outcome: 'FAILED'
      /** Why it cannot. */
      readonly error: MpcError
    }

/**
 * Finishes or undoes whatever earlier actions left unfinished on this device, for all its wallets: sets whose decision
 * is not known, proofs that the server has not received, shares that are to be deleted or belong to no set.
 *
 * An error of one wallet is in its own report and does not keep the others from being resumed. May be repeated, and is
 * not needed before an action, which reconciles its own wallet.
 *
 * @returns a report for each wallet that this device knows; none for one whose first set here was not committed
 * @throws {STORAGE_UNAVAILABLE} if this device's store cannot be listed
 * @throws {ABORTED}
 *
 * @example
 * for (const { walletId, outcome } of await resume(client)) if (outcome === 'NO_SHARE') offerRecovery(walletId)
 */
export async function resume(client: Client, options: ActionOptions = {}): Promise<ResumedWallet[]> {
  assertObject(options, 'resume')
  return withDeadline(client, options, async (deadline, client) => {
    const walletIds = await listWalletIds(client)
    const reports = await resumeWallets(client, deadline, walletIds)
    // Shares that cannot be deleted now are unusable anyway, and are deleted next time.
    await deleteUnreferencedShares(client).catch(asMpcError)
    if (options.signal?.aborted) deadline.check()
    return reports.filter((report) => report !== undefined)
  })
}

/** Resumes a few wallets at a time: a device may know hundreds. @returns their reports, in their order */
async function resumeWallets(client: Client, deadline: Deadline, walletIds: readonly string[]) {
  const reports: (ResumedWallet | undefined)[] = []
  const waiting = [...walletIds.entries()]
  const resumeWaiting = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, walletId] = next
      reports[at] = await resumeWallet(client, deadline, walletId)
    }
  }
  await Promise.all(Array.from({ length: WALLETS_AT_ONCE }, resumeWaiting))
  return reports
}

/** @returns undefined if another tab has deleted the wallet in the meantime */
async function resumeWallet(client: Client, deadline: Deadline, walletId: string): Promise<ResumedWallet | undefined> {
  let error: MpcError | undefined
  try {
    const onLeft = (left: MpcError) => (error ??= left)
    const record = await reconcileWallet(client, deadline, walletId, { onLeft, soon: true, quiet: true })
    if (record === undefined) return undefined
    if (record.activeSetId === null) return { walletId, outcome: 'NO_SHARE' }
    const wallet = toWallet(record)
    return error === undefined
      ? { walletId, outcome: 'READY', wallet }
      : { walletId, outcome: 'PENDING', wallet, error }
  } catch (reason) {
    return { walletId, outcome: 'FAILED', error: asMpcError(reason) }
  }
}

/** @throws {unknown} `reason` itself if it is not an MpcError */
function asMpcError(reason: unknown): MpcError {
  if (isMpcError(reason)) return reason
  throw reason
}
