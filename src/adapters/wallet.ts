import { getPublicKey, sign, type Client } from '../index.ts'
import type { WalletKeys } from './types.ts'

/** The empty merkle root of a Taproot output without scripts (BIP 341). */
const NO_SCRIPTS = new Uint8Array(0)

/** The keys of a wallet on this device. Signatures are made with the server. */
export function walletKeys(client: Client, walletId: string): WalletKeys {
  return {
    getPublicKey: (curve, path) => getPublicKey(client, { walletId, curve, ...given({ path }) }),
    signEcdsa: ({ digest, path, signal }) =>
      sign(client, { walletId, scheme: 'ecdsa', digest, ...given({ path, signal }) }),
    signTaproot: async ({ message, path, signal }) => {
      const options = given({ path, signal })
      const { signature } = await sign(client, {
        walletId,
        scheme: 'bip340',
        message,
        tapTweak: NO_SCRIPTS,
        ...options,
      })
      return signature
    },
    signEd25519: async ({ message, path, signal }) => {
      const { signature } = await sign(client, { walletId, scheme: 'ed25519', message, ...given({ path, signal }) })
      return signature
    },
  }
}

/** The options that are not undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
