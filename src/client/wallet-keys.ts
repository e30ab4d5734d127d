import type { Intent } from '../wire/intent.ts'
import { INTENT_MAX_LENGTH } from '../wire/intent-length.ts'
import type { GetPublicKeyParameters } from './actions/get-public-key.ts'
import { isMpcError } from '../errors.ts'
import type { SignAllParameters } from './signing/sign-all-parameters.ts'
import type { SignEcdsaParameters, SignItemParameters, SignParameters } from './signing/sign-parameters.ts'
import type { KeyRequest } from './key-requests.ts'
import type { EcdsaSignature, Signature, WalletKeys } from './types.ts'

/** The empty merkle root of a Taproot output without scripts (BIP 341). */
const NO_SCRIPTS = new Uint8Array(0)

/** The actions that keys are made of, for a client of some kind. */
export interface KeyActions<C> {
  getPublicKey(client: C, options: GetPublicKeyParameters): Promise<Uint8Array>
  sign(client: C, options: SignEcdsaParameters): Promise<EcdsaSignature>
  sign(client: C, options: SignParameters): Promise<Signature>
  signAll(client: C, options: SignAllParameters): Promise<readonly Signature[]>
}

/** The keys of a wallet, by the actions of its client. */
export function walletKeys<C>(actions: KeyActions<C>, client: C, walletId: string): WalletKeys {
  const sign = async (request: KeyRequest, signal: AbortSignal | undefined): Promise<Uint8Array> =>
    (await actions.sign(client, { walletId, ...itemOf(request), signal } as SignParameters)).signature
  return {
    getPublicKey: (curve, path) => actions.getPublicKey(client, { walletId, curve, path }),
    signEcdsa: ({ digest, path, intent, signal }) =>
      actions.sign(client, { walletId, scheme: 'ecdsa', digest, path, intent: sendable(intent), signal }),
    signTaproot: ({ signal, ...request }) => sign({ kind: 'taproot', ...request }, signal),
    signEd25519: ({ signal, ...request }) => sign({ kind: 'ed25519', ...request }, signal),
    async signAll(requests, { signal } = {}) {
      const one = requests.length === 1 ? requests[0] : undefined
      if (one !== undefined) return [await sign(one, signal)]
      try {
        const signed = await actions.signAll(client, { walletId, items: requests.map(itemOf), signal })
        return signed.map(({ signature }) => signature)
      } catch (error) {
        if (!isMpcError(error, 'OT_POISONED')) throw error
      }
      // The client may be one that makes a setup for each signature then; otherwise the first of them says the same.
      const signatures: Uint8Array[] = []
      for (const request of requests) signatures.push(await sign(request, signal))
      return signatures
    },
  }
}

function itemOf(request: KeyRequest): SignItemParameters {
  const about = { path: request.path, intent: sendable(request.intent) }
  switch (request.kind) {
    case 'ecdsa':
      return { scheme: 'ecdsa', digest: request.digest, ...about }
    case 'taproot':
      return { scheme: 'bip340', message: request.message, tapTweak: NO_SCRIPTS, ...about }
    case 'ed25519':
      return { scheme: 'ed25519', message: request.message, ...about }
  }
}

/** The bytes of an intent before its data. */
const HEADER_LENGTH = 6

/** An intent that is too long is left out: the server then knows only the digest, and its policy decides. */
function sendable(intent: Intent | undefined): Intent | undefined {
  const isLong = intent !== undefined && 'data' in intent && intent.data.length > INTENT_MAX_LENGTH - HEADER_LENGTH
  return isLong ? undefined : intent
}
