import { assertMethods } from '../../util/arguments.ts'
import { abytes, equalBytes } from '../../util/bytes.ts'
import type { SolanaSigner } from './signer.ts'
import { addressBytes } from './standard-requests.ts'

/** A `Transaction` of `@solana/web3.js` version 1. */
export interface Web3LegacyTransaction<K> {
  /** What is signed. */
  serializeMessage(): Uint8Array
  /** Puts a signature in its place. */
  addSignature(publicKey: K, signature: Uint8Array): void
}

/** A `VersionedTransaction` of `@solana/web3.js` version 1. */
export interface Web3VersionedTransaction<K> {
  /** Its message, which is signed. */
  readonly message: {
    /** The bytes that are signed. */
    serialize(): Uint8Array
  }
  /** Puts a signature in its place. */
  addSignature(publicKey: K, signature: Uint8Array): void
}

/** A transaction of `@solana/web3.js` version 1. */
export type Web3Transaction<K> = Web3LegacyTransaction<K> | Web3VersionedTransaction<K>

/** A signer as libraries on `@solana/web3.js` version 1 take it, such as Anchor's `Wallet` and wallet-adapter's. */
export interface Web3Signer<K> {
  /** A `PublicKey`. */
  readonly publicKey: K
  /** Adds the signature to a transaction, and returns the transaction. */
  signTransaction<T extends Web3Transaction<K>>(transaction: T): Promise<T>
  /** Adds the signature to all transactions, or to none. */
  signAllTransactions<T extends Web3Transaction<K>>(transactions: T[]): Promise<T[]>
  /** Signs a message. Returns 64 bytes. */
  signMessage(message: Uint8Array): Promise<Uint8Array>
}

/**
 * Makes a signer for `@solana/web3.js` version 1 of one for kit. It refuses what that one refuses, and imports nothing of
 * web3.js itself.
 *
 * @param PublicKey the class of web3.js
 * @throws {TypeError} if it is no class, or the signer none
 *
 * @example
 * const signer = await solanaSigner(client, { walletId: wallet.id })
 * const web3 = web3Signer(signer, PublicKey)
 */
export function web3Signer<K>(signer: SolanaSigner, PublicKey: new (bytes: Uint8Array) => K): Web3Signer<K> {
  const { address } = assertMethods(signer, ['signTransactions', 'signMessages'], 'signer')
  if (typeof PublicKey !== 'function') throw new TypeError('PublicKey must be the class of web3.js')
  const publicKey = new PublicKey(addressBytes(address))

  async function signAllTransactions<T extends Web3Transaction<K>>(transactions: T[]): Promise<T[]> {
    if (!Array.isArray(transactions)) throw new TypeError('transactions must be a list')
    const messages = transactions.map(messageOf)
    const signed = await signer.signTransactions(
      messages.map((messageBytes) => ({ messageBytes, signatures: { [address]: null } })) as never,
    )
    // Signing takes time, in which a transaction may have changed.
    if (
      !transactions.every((transaction, index) => equalBytes(messageOf(transaction), messages[index] as Uint8Array))
    ) {
      throw new RangeError('a transaction changed while it was signed')
    }
    transactions.forEach((transaction, index) => {
      transaction.addSignature(publicKey, signed[index]?.[address] as Uint8Array)
    })
    return transactions
  }

  return Object.freeze({
    publicKey,
    signAllTransactions,
    signTransaction: async <T extends Web3Transaction<K>>(transaction: T): Promise<T> => {
      await signAllTransactions([transaction])
      return transaction
    },
    signMessage: async (message: Uint8Array): Promise<Uint8Array> => {
      const content = abytes(message, undefined, 'message')
      const [signatures] = await signer.signMessages([{ content, signatures: {} }])
      return Uint8Array.from(signatures?.[address] as Uint8Array)
    },
  })
}

/** A copy of what a transaction signs. */
function messageOf<K>(transaction: Web3Transaction<K>): Uint8Array {
  const { serializeMessage, message } = (transaction ?? {}) as Partial<
    Web3LegacyTransaction<K> & Web3VersionedTransaction<K>
  >
  if (typeof serializeMessage === 'function') return Uint8Array.from(serializeMessage.call(transaction))
  if (typeof message?.serialize === 'function') return Uint8Array.from(message.serialize())
  throw new TypeError('transaction must be a Transaction or VersionedTransaction of web3.js version 1')
}
