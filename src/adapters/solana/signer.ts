import { ed25519 } from '@noble/curves/ed25519.js'
import {
  getCompiledTransactionMessageDecoder,
  type Address,
  type MessagePartialSigner,
  type SignatureBytes,
  type SignatureDictionary,
  type TransactionPartialSigner,
} from '@solana/kit'

import { MpcError } from '../../errors.ts'
import type { Client } from '../../index.ts'
import type { WalletKeys } from '../types.ts'
import { walletKeys } from '../wallet.ts'
import { solanaAddress } from './address.ts'

/** A signer of `@solana/kit` whose key is shared between this device and the server. */
export type SolanaSigner = TransactionPartialSigner & MessagePartialSigner

export interface SolanaSignerParameters {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
}

/**
 * A wallet's ed25519 key as a signer of `@solana/kit`, for transactions and for messages.
 *
 * Each signature is one with the server, and is verified before it is returned. A message that is a transaction of this
 * signer is refused with a `RangeError`, as is a transaction that does not name it.
 *
 * @throws {SHARE_NOT_FOUND} if this device does not hold the wallet; later, what `sign` throws
 *
 * @example
 * const signer = await solanaSigner(client, { walletId: wallet.id })
 * const message = setTransactionMessageFeePayerSigner(signer, createTransactionMessage({ version: 0 }))
 */
export async function solanaSigner(client: Client, { walletId }: SolanaSignerParameters): Promise<SolanaSigner> {
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
      if (!transactions.every(({ signatures }) => Object.hasOwn(signatures, address))) {
        throw new RangeError(`${address} is not a signer of this transaction`)
      }
      return signAll(transactions.map(copyOf(({ messageBytes }) => messageBytes)), abortSignal)
    },
    signMessages: async (messages, { abortSignal } = {}) => {
      const contents = messages.map(copyOf(({ content }) => content))
      if (contents.some((content) => isTransactionOf(address, content))) {
        throw new RangeError('this message is a transaction: sign it as one')
      }
      return signAll(contents, abortSignal)
    },
  })
}

/** The bytes at this moment: signing takes longer than a caller may leave them unchanged. */
function copyOf<T>(bytesOf: (value: T) => ArrayLike<number>): (value: T) => Uint8Array {
  return (value) => Uint8Array.from(bytesOf(value))
}

/**
 * Whether a signature of these bytes would let a transaction spend from `address`: kit signs messages without a prefix,
 * so that a page could ask for a "message" that is one. Bytes behind the message do not make it harmless.
 */
function isTransactionOf(address: Address, bytes: Uint8Array): boolean {
  try {
    const [{ header, staticAccounts }] = getCompiledTransactionMessageDecoder().read(bytes, 0)
    return staticAccounts.slice(0, header.numSignerAccounts).includes(address)
  } catch {
    return false
  }
}
