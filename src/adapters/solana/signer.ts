import { ed25519 } from '@noble/curves/ed25519.js'
import type { MessagePartialSigner, SignatureBytes, SignatureDictionary, TransactionPartialSigner } from '@solana/kit'

import { MpcError } from '../../errors.ts'
import type { Client } from '../../index.ts'
import { abytes } from '../../util/bytes.ts'
import type { WalletKeys } from '../types.ts'
import { walletKeys } from '../wallet.ts'
import { solanaAddress } from './address.ts'
import { hasOtherVersion, isSignedBy } from './signed-bytes.ts'
import { assertObject } from '../../util/arguments.ts'

/** A signer of `@solana/kit` whose key is shared between this device and the server. */
export type SolanaSigner = TransactionPartialSigner & MessagePartialSigner

/** Parameters of {@link solanaSigner}. */
export interface SolanaSignerParameters {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
}

/**
 * A wallet's ed25519 key as a signer of `@solana/kit`, for transactions and for messages.
 *
 * Each signature is one with the server, and is verified before it is returned. Kit signs messages without a
 * prefix, so that a page could ask for a "message" that is a transaction: one of this signer, or of a version that is not
 * known here, is refused with a `RangeError`, as is a transaction that does not name it.
 *
 * @throws {SHARE_NOT_FOUND} if this device does not hold the wallet; later, what `sign` throws
 *
 * @example
 * const signer = await solanaSigner(client, { walletId: wallet.id })
 * const message = setTransactionMessageFeePayerSigner(signer, createTransactionMessage({ version: 0 }))
 */
export async function solanaSigner(client: Client, options: SolanaSignerParameters): Promise<SolanaSigner> {
  const { walletId } = assertObject(options, 'solanaSigner')
  return createSolanaSigner(walletKeys(client, walletId))
}

/** The signer over a wallet's keys. */
export async function createSolanaSigner(keys: WalletKeys): Promise<SolanaSigner> {
  const publicKey = await keys.getPublicKey('ed25519')
  const address = solanaAddress(publicKey)

  /** In turn: a failure leaves none behind that nobody waits for. */
  async function signAll(messages: readonly Uint8Array[], signal?: AbortSignal): Promise<SignatureDictionary[]> {
    const dictionaries: SignatureDictionary[] = []
    for (const message of messages) {
      const signature = await keys.signEd25519({ message, signal })
      if (!ed25519.verify(signature, message, publicKey, { zip215: false })) {
        throw new MpcError('PROTOCOL_ABORTED', `the signature is not one by ${address}`)
      }
      dictionaries.push({ [address]: signature as SignatureBytes })
    }
    return dictionaries
  }

  return Object.freeze<SolanaSigner>({
    address,
    signTransactions: async (transactions, { abortSignal } = {}) => {
      const messages = transactions.map(({ messageBytes }) => copy(messageBytes, 'messageBytes'))
      const areOurs = transactions.every(({ signatures }) => Object.hasOwn(signatures, address))
      if (!areOurs || !messages.every((message) => isSignedBy(publicKey, message))) {
        throw new RangeError(`${address} is not a signer of this transaction`)
      }
      return signAll(messages, abortSignal)
    },
    signMessages: async (messages, { abortSignal } = {}) => {
      const contents = messages.map(({ content }) => copy(content, 'content'))
      if (contents.some((content) => isSignedBy(publicKey, content))) {
        throw new RangeError('this message is a transaction: sign it as one')
      }
      if (contents.some(hasOtherVersion)) throw new RangeError('this message may be a transaction of another version')
      return signAll(contents, abortSignal)
    },
  })
}

/** The bytes at this moment: signing takes longer than a caller may leave them unchanged. */
function copy(bytes: unknown, name: string): Uint8Array {
  return abytes(bytes, undefined, name).slice()
}
