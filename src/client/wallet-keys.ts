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
export function walletKeys<C>(actions: KeyActions<C>, client: C, walletId: string): WalletKeys {
  return {
    getPublicKey: (curve, path) => actions.getPublicKey(client, { walletId, curve, path }),
    signEcdsa: ({ digest, path, intent, signal }) =>
      actions.sign(client, { walletId, scheme: 'ecdsa', digest, path, intent: sendable(intent), signal }),
    signTaproot: async ({ message, path, intent, signal }) => {
      const statement = { scheme: 'bip340', message, tapTweak: NO_SCRIPTS, intent: sendable(intent) } as const
      return (await actions.sign(client, { walletId, ...statement, path, signal })).signature
    },
    signEd25519: async ({ message, path, intent, signal }) =>
      (await actions.sign(client, { walletId, scheme: 'ed25519', message, path, intent, signal })).signature,
  }
}

/** The bytes of an intent before its data. */
const HEADER_LENGTH = 6

/** An intent that is too long is left out: the server then knows only the digest, and its policy decides. */
function sendable(intent: Intent | undefined): Intent | undefined {
  const isLong = intent !== undefined && 'data' in intent && intent.data.length > INTENT_MAX_LENGTH - HEADER_LENGTH
  return isLong ? undefined : intent
}
