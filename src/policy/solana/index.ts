import { hasOtherVersion, isSignedBy } from '../../adapters/solana/signed-bytes.ts'
import { decodeOffchainMessage, isOffchainMessage } from '../../adapters/solana/off-chain.ts'
import { mayBeSignIn, parseSignIn } from '../../adapters/solana/sign-in.ts'
import { solanaAddress } from '../../adapters/solana/address.ts'
import { fromUtf8, toHex } from '../../util/bytes.ts'
import type { Intent } from '../../wire/intent.ts'
import type { IntendedSignature, IntentDecoder } from '../types.ts'
import { decodeTransaction } from './transaction.ts'
import type { SolanaIntent, SolanaMessageIntent } from './types.ts'

export type {
  SolanaAccount,
  SolanaInstruction,
  SolanaIntent,
  SolanaLifetime,
  SolanaLookup,
  SolanaMessageIntent,
  SolanaOffchainMessageIntent,
  SolanaSignIn,
  SolanaTransactionIntent,
} from './types.ts'
export type { IntendedSignature, IntentDecoder } from '../types.ts'

/**
 * Decodes what is signed for Solana: transactions of versions that are known, off-chain messages, and messages that are
 * neither. Accounts of lookup tables are shown as such, and not resolved. It needs the package `@solana/kit`.
 *
 * @example
 * const optionsOfCreateServer = { intents: [solanaIntents()], requireIntent: true }
 */
export function solanaIntents(): IntentDecoder {
  return {
    kinds: ['solanaTransaction', 'solanaMessage', 'solanaOffchainMessage'],
    decode: (intent, signature) => {
      // All kinds are signed as they are: what is decoded is the message in the request.
      const { message } = signature
      return { scheme: 'ed25519', message, intent: describe(intent, signature) }
    },
  }
}

/** Everything that is signed for Solana comes through here. */
function describe({ kind }: Intent, { scheme, message, publicKey }: IntendedSignature): SolanaIntent {
  if (scheme !== 'ed25519') throw new RangeError('Solana signs by Ed25519')
  const about = { verified: true, signer: solanaAddress(publicKey) } as const
  switch (kind) {
    case 'solanaTransaction': {
      const transaction = decodeTransaction(message)
      if (!transaction.signers.includes(about.signer))
        throw new RangeError('this key is not a signer of the transaction')
      return { kind, ...about, ...transaction }
    }
    case 'solanaMessage':
      if (isTransaction(message, publicKey)) throw new RangeError('the message is a transaction, or may be one')
      if (isOffchainMessage(message)) throw new RangeError('the message is an off-chain message')
      return { kind, ...about, data: toHex(message), ...readText(message) }
    case 'solanaOffchainMessage': {
      const fields = decodeOffchainMessage(message)
      if (!fields.signers.includes(about.signer)) throw new RangeError('this key is not a signer of the message')
      return { kind, ...about, ...fields }
    }
    default:
      throw new RangeError(`${kind} is not an intent of Solana`)
  }
}

function isTransaction(message: Uint8Array, publicKey: Uint8Array): boolean {
  return isSignedBy(publicKey, message) || hasOtherVersion(message)
}

function readText(bytes: Uint8Array): Pick<SolanaMessageIntent, 'text' | 'signIn'> {
  const text = textOf(bytes)
  return { text, signIn: text !== null && mayBeSignIn(text) ? parseSignIn(text) : null }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes)
  } catch {
    return null
  }
}
