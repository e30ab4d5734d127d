import { getWallet, sign, type Client } from '../index.ts'
import type { WalletKeys } from './types.ts'

/** The ed25519 key of a wallet on this device. */
export function edwardsKeys(client: Client, walletId: string): Pick<WalletKeys, 'getPublicKey' | 'signEd25519'> {
  return {
    getPublicKey: async (curve) => (await getWallet(client, { walletId })).publicKeys[curve],
    signEd25519: async ({ message, signal }) => {
      const abort = signal === undefined ? {} : { signal }
      const { signature } = await sign(client, { walletId, scheme: 'ed25519', message, ...abort })
      return signature
    },
  }
}
