import type { GenerateRequest } from '../../wire/operations.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { assertFunction, assertObject } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { verifyMadeSet } from '../operations/verify-result.ts'
import { extractShares } from '../operations/extract-shares.ts'
import { prepareSet } from '../wallets/prepare-set.ts'
import { createProgress, plans, type Progress } from '../progress.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import { keygenSessions, setupFields, setupSession } from '../operations/sessions.ts'
import { activateSet } from '../wallets/reconcile.ts'
import { forgetWallet } from '../wallets/share-store.ts'
import type { ActionOptions, Client, Wallet } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'
import { toWallet } from '../wallets/wallet-store.ts'

export interface GenerateWalletParameters extends ActionOptions {
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Generates a wallet: a new key on each curve, shared between this device and the server and never in one place.
 *
 * If the response to the last message is lost but the server has committed the wallet, {@link listWallets} finds it.
 *
 * @throws {STORAGE_UNAVAILABLE} if this device cannot store a share; nothing was changed
 * @throws {PROTOCOL_ABORTED} if the server does not follow the protocol; nothing is stored
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | POLICY_DENIED}
 *
 * @example
 * const wallet = await generateWallet(client, { onProgress: ({ fraction }) => bar.set(fraction) })
 */
export async function generateWallet(client: Client, options: GenerateWalletParameters = {}): Promise<Wallet> {
  const { onProgress } = assertObject(options, 'generateWallet')
  const progress = createProgress(client, plans.generate, assertFunction(onProgress, 'onProgress'))
  return withDeadline(client, options, async (deadline, client) => {
    progress.begin('Generating share')
    await client.storage.probe()
    const walletId = toHex(client.random(16))
    const request: GenerateRequest = { kind: 'generate', walletId, label: client.label, ...setupFields(client) }
    const operationId = newOperationId(client)
    let newShares: WalletShares | undefined
    try {
      const { result, results, setup } = await runOperation(client, deadline, {
        operationId,
        request,
        sessions: keygenSessions(client, request),
        setup: setupSession(client, operationId, request),
        hooks: {
          prepare: async (results) => {
            progress.begin('Parsing share')
            newShares = extractShares(client, { request, newShares: results }, 'signing', progress)
            progress.begin('Storing share')
            await prepareSet({ client, deadline }, { shares: newShares, operationId }, () => [])
          },
          discard: async (client) => {
            if (newShares !== undefined) await forgetWallet(client, walletId, toHex(newShares.setId))
          },
        },
      })
      results.forEach(wipeKeyShare)
      // If this is interrupted, the set has no setup, and its first ECDSA signature makes one.
      await setup?.store(client, newShares!, null)
      const setId = verifyMadeSet(result, newShares, 'ACTIVE')
      const wallet = toWallet(await activateSet(client, walletId, setId))
      progress.finish()
      return wallet
    } finally {
      if (newShares !== undefined) wipeShares(newShares)
    }
  })
}
