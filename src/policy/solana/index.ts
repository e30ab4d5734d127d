import { hasOtherVersion, isSignedBy } from '../../adapters/solana/signed-bytes.ts'
import { solanaAddress } from '../../adapters/solana/address.ts'
import { fromUtf8, toHex } from '../../util/bytes.ts'
import type { Intent } from '../../wire/intent.ts'
import type { IntendedSignature, IntentDecoder } from '../types.ts'
import { decodeTransaction } from './transaction.ts'
import type { SolanaIntent } from './types.ts'

export type {
  SolanaAccount,
  SolanaInstruction,
  SolanaIntent,
  SolanaLifetime,
  SolanaLookup,
  SolanaMessageIntent,
  SolanaTransactionIntent,
} from './types.ts'
export type { IntendedSignature, IntentDecoder } from '../types.ts'

/**
 * Decodes what is signed for Solana: transactions of version 0 and before, and messages that are none. Accounts of lookup
 * tables are shown as such, and not resolved. It needs the package `@solana/kit`.
 *
 * @example
 * const optionsOfCreateServer = { intents: [solanaIntents()], requireIntent: true }
 */
export function solanaIntents(): IntentDecoder {
  return {
    kinds: ['solanaTransaction', 'solanaMessage'],
    decode: (intent, signature) => {
      // Both kinds are signed as they are: what is decoded is the message in the request.
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
      return { kind, ...about, data: toHex(message), text: textOf(message) }
    default:
      throw new RangeError(`${kind} is not an intent of Solana`)
  }
}

function isTransaction(message: Uint8Array, publicKey: Uint8Array): boolean {
  return isSignedBy(publicKey, message) || hasOtherVersion(message)
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes)
  } catch {
    return null
  }
}
