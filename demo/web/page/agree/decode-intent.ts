import type { Intent, SignatureScheme, WalletKeys } from 'reshare'
import { MpcError } from 'reshare/errors'
import type { IntentDecoder } from 'reshare/policy/ethereum'
import type { SignedWords } from '../words/signed/signed-words.ts'
import { wordsOf } from '../words/signed/words-of.ts'

/** A signature that an adapter asks the wallet for. */
export interface AskedSignature {
  readonly scheme: SignatureScheme
  /** The digest that ECDSA signs; the message of the other schemes. */
  readonly message: Uint8Array
  readonly path: string | undefined
  /** What it says that this is of. */
  readonly intent: Intent | undefined
}

/**
 * Says in words what is signed. It is decoded as the server does it, and the digest is computed from it: what is shown is what is
 * signed, whatever whoever asks may say.
 *
 * @throws {INTENT_REQUIRED} if it is not said what is signed
 * @throws {INTENT_MISMATCH} if something else would be signed than is said
 */
export async function wordsOfSignature(keys: WalletKeys, asked: AskedSignature): Promise<SignedWords> {
  const { scheme, message, path, intent } = asked
  if (intent === undefined) throw new MpcError('INTENT_REQUIRED', 'nobody says what is signed')
  const publicKey = await keys.getPublicKey(scheme === 'ed25519' ? 'ed25519' : 'secp256k1', path)
  const decoded = decode(await decoderOf(intent), intent, { scheme, message, publicKey })
  if (decoded.scheme !== scheme || !isEqual(decoded.message, message)) {
    throw new MpcError('INTENT_MISMATCH', `the ${intent.kind} is not what would be signed`)
  }
  return wordsOf(decoded.intent)
}

/** The libraries of a chain are loaded when something of it is signed. */
async function decoderOf({ kind }: Intent): Promise<IntentDecoder> {
  if (kind.startsWith('ethereum')) return (await import('reshare/policy/ethereum')).ethereumIntents()
  if (kind.startsWith('bitcoin')) return (await import('reshare/policy/bitcoin')).bitcoinIntents()
  return (await import('reshare/policy/solana')).solanaIntents()
}

function decode(decoder: IntentDecoder, ...asked: Parameters<IntentDecoder['decode']>) {
  try {
    return decoder.decode(...asked)
  } catch (cause) {
    throw new MpcError('INTENT_MISMATCH', `the ${asked[0].kind} is not valid`, { cause })
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
