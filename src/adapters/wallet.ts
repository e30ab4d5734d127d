import type { KeySource, WalletKeys } from '../index.ts'
import { assertMethods } from '../util/arguments.ts'

/** The keys of a wallet that a client has, in this realm or in another. Signatures are made with the server. */
export function walletKeys(client: KeySource, walletId: string): WalletKeys {
  return assertMethods(client, ['walletKeys'], 'client').walletKeys(walletId)
}
