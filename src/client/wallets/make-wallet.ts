import type { GenerateRequest, ImportRequest } from '../../wire/operations.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { KeyShare, WalletShares } from '../../key-share/types.ts'
import type { Session } from '../../protocol/session/session.ts'
import { toHex } from '../../util/bytes.ts'
import { verifyMadeSet } from '../operations/verify-result.ts'
import { extractShares } from '../operations/extract-shares.ts'
import type { ProgressReporter } from '../progress.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import { setupFields, setupSession } from '../operations/sessions.ts'
import type { Call, Client, Wallet } from '../types.ts'
import { wipeShares } from '../wallet-shares.ts'
import { prepareSet } from './prepare-set.ts'
import { activateSet } from './reconcile.ts'
import { forgetWallet } from './share-store.ts'
import { toWallet } from './wallet-store.ts'

/** The fields that requests for a new wallet have in common. */
export function newWalletFields(client: Client) {
  return { walletId: toHex(client.random(16)), label: client.label, ...setupFields(client) }
}

/**
 * Makes a wallet and its first signing set, and puts it into use. The wallet record is stored before the message that lets
 * the server commit, so that `resume` finishes or undoes what was cut off.
 *
 * @param sessions one for each share, in the order of the request's sessions
 */
export async function makeWallet(
  { client, deadline }: Call,
  request: GenerateRequest | ImportRequest,
  sessions: readonly Session<KeyShare>[],
  progress: ProgressReporter,
): Promise<Wallet> {
  const { walletId } = request
  const operationId = newOperationId(client)
  let newShares: WalletShares | undefined
  try {
    const { result, results, setup } = await runOperation(client, deadline, {
      operationId,
      request,
      sessions,
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
}
