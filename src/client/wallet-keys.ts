import type { Intent } from '../wire/intent.ts'
import { INTENT_MAX_LENGTH } from '../wire/intent-length.ts'
import type { GetPublicKeyParameters } from './actions/get-public-key.ts'
import type { SignEcdsaParameters, SignParameters } from './signing/sign-parameters.ts'
import type { EcdsaSignature, Signature, WalletKeys } from './types.ts'

/** The empty merkle root of a Taproot output without scripts (BIP 341). */
const NO_SCRIPTS = new Uint8Array(0)

/** The actions that keys are made of, for a client of some kind. */
export interface KeyActions<C> {
  getPublicKey(client: C, options: GetPublicKeyParameters): Promise<Uint8Array>
  sign(client: C, options: SignEcdsaParameters): Promise<EcdsaSignature>
  sign(client: C, options: SignParameters): Promise<Signature>
}

/** The keys of a wallet, by the actions of its client. */
export function walletKeys<C>({ getPublicKey, sign }: KeyActions<C>, client: C, walletId: string): WalletKeys {
  return {
    getPublicKey: (curve, path) => getPublicKey(client, { walletId, curve, ...given({ path }) }),
    signEcdsa: ({ digest, path, intent, signal }) =>
      sign(client, { walletId, scheme: 'ecdsa', digest, ...given({ path, intent: sendable(intent), signal }) }),
    signTaproot: async ({ message, path, intent, signal }) => {
      const options = given({ path, intent: sendable(intent), signal })
      const { signature } = await sign(client, {
        walletId,
        scheme: 'bip340',
        message,
        tapTweak: NO_SCRIPTS,
        ...options,
      })
      return signature
    },
    signEd25519: async ({ message, path, intent, signal }) => {
      const options = given({ path, intent, signal })
      const { signature } = await sign(client, { walletId, scheme: 'ed25519', message, ...options })
      return signature
    },
  }
}

/** The bytes of an intent before its data. */
const HEADER_LENGTH = 6

/** An intent that is too long is left out: the server then knows only the digest, and its policy decides. */
function sendable(intent: Intent | undefined): Intent | undefined {
  const isLong = intent !== undefined && 'data' in intent && intent.data.length > INTENT_MAX_LENGTH - HEADER_LENGTH
  return isLong ? undefined : intent
}

/** The options that are not undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
