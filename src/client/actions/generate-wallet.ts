import type { GenerateRequest } from '../../wire/operations.ts'
import { assertFunction, assertObject } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { createProgress, plans, type Progress } from '../progress.ts'
import { keygenSessions } from '../operations/sessions.ts'
import { makeWallet, newWalletFields } from '../wallets/make-wallet.ts'
import type { ActionOptions, Client, Wallet } from '../types.ts'

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
  return withDeadline(client, { ...options, progress }, async (deadline, client) => {
    progress.begin('Generating share')
    await client.storage.probe()
    const request: GenerateRequest = { kind: 'generate', ...newWalletFields(client) }
    return makeWallet({ client, deadline }, request, keygenSessions(client, request), progress)
  })
}
