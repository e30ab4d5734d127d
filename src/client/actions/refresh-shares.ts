import type { RefreshRequest } from '../../wire/operations.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { useActiveSet } from '../wallets/active-set.ts'
import { assertFunction, assertObject, walletIdArgument } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { verifyMadeSet } from '../operations/verify-result.ts'
import { extractShares } from '../operations/extract-shares.ts'
import { prepareSet } from '../wallets/prepare-set.ts'
import { createProgress, plans, type Progress } from '../progress.ts'
import { proveSet } from '../wallets/prove-set.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import { receivedShares, reshareSessions, setupFields, setupSession } from '../operations/sessions.ts'
import { activateSet } from '../wallets/reconcile.ts'
import { deletePreparedSet } from '../wallets/share-store.ts'
import type { ActionOptions, Client, Wallet } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'
import { toWallet } from '../wallets/wallet-store.ts'

export interface RefreshSharesParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Replaces this device's signing set with a new one for the same public keys, with the same scope and expiry. The old one is retired once the new one
 * is proven to work.
 *
 * A refresh does not help if both shares of the old set were stolen before it.
 *
 * @throws {STORAGE_UNAVAILABLE} if this device cannot store a share; nothing was changed
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {OPERATION_IN_PROGRESS} if the set is already being refreshed
 * @throws {PROTOCOL_ABORTED | NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED}
 *
 * @example
 * const { setId } = await refreshShares(client, { walletId: wallet.id })
 */
export async function refreshShares(client: Client, options: RefreshSharesParameters): Promise<Wallet> {
  const { walletId, onProgress } = assertObject(options, 'refreshShares')
  walletIdArgument(walletId)
  const progress = createProgress(client, plans.refresh, assertFunction(onProgress, 'onProgress'))
  return withDeadline(client, { ...options, progress }, async (deadline, client) => {
    progress.begin('Reading share')
    await client.storage.probe()
    return useActiveSet(client, deadline, walletId, async (shares, limits) => {
      progress.restart()
      const oldSetId = toHex(shares.setId)
      const setFields = { walletId, setId: oldSetId, label: client.label }
      const request: RefreshRequest = { kind: 'refresh', ...setFields, ...setupFields(client) }
      const operationId = newOperationId(client)
      let newShares: WalletShares | undefined
      try {
        const { result, results } = await runOperation(client, deadline, {
          operationId,
          request,
          source: shares,
          sessions: reshareSessions(client, request, shares),
          setup: setupSession(client, operationId, request, shares),
          hooks: {
            onRound: (round) => {
              if (round === 1) progress.begin('Generating share')
              if (round === 2) progress.within(0.5)
            },
            prepare: async (results, setup) => {
              progress.begin('Parsing share')
              newShares = extractShares(client, { request, newShares: receivedShares(results) }, 'signing', progress)
              progress.begin('Storing share')
              await prepareSet({ client, deadline }, { shares: newShares, setup: setup(), operationId, limits }, () => [
                oldSetId,
              ])
            },
            discard: async (client) => {
              if (newShares !== undefined) await deletePreparedSet(client, walletId, toHex(newShares.setId))
            },
          },
        })
        receivedShares(results).forEach(wipeKeyShare)
        const setId = verifyMadeSet(result, newShares, 'ACTIVE')
        const active = await activateSet(client, walletId, setId)
        progress.within(0.5)
        const wallet = toWallet(await proveSet(client, deadline, active, setId))
        progress.finish()
        return wallet
      } finally {
        if (newShares !== undefined) wipeShares(newShares)
      }
    })
  })
}
