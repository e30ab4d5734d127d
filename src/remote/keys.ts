import { walletKeys } from '../client/wallet-keys.ts'
import type { WalletKeys } from '../index.ts'
import { getPublicKey, sign, signAll } from './actions.ts'
import type { RemoteClient } from './types.ts'

/** The keys of a wallet, as adapters take them. */
export function keysOf(client: RemoteClient, walletId: string): WalletKeys {
  return walletKeys({ getPublicKey, sign, signAll }, client, walletId)
}
