import { ed25519 } from '@noble/curves/ed25519.js'
import type { MessagePartialSigner, SignatureBytes, SignatureDictionary, TransactionPartialSigner } from '@solana/kit'

import { MpcError } from '../../errors.ts'
import type { KeyRequest, KeySource, WalletKeys } from '../../index.ts'
import { abytes } from '../../util/bytes.ts'
import { inBatches } from '../batches.ts'
import { walletKeys } from '../wallet.ts'
import { solanaAddress } from './address.ts'
import { decodeOffchainMessage, isOffchainMessage } from './off-chain.ts'
import { hasOtherVersion, isSignedBy } from './signed-bytes.ts'
import { assertObject } from '../../util/arguments.ts'

/** A signer of `@solana/kit` whose key is shared between this device and the server. */
export type SolanaSigner = TransactionPartialSigner & MessagePartialSigner

/** Parameters of {@link solanaSigner}. */
export interface SolanaSignerParameters {
  /** The wallet's id: 16 bytes in lower-case hex. */
  readonly walletId: string
  /** The path of the key, without hardened steps, such as `m/0/5` (BIP32-Ed25519). Default: the wallet's key. */
  readonly path?: string
}

/**
 * Creates a signer of `@solana/kit` with a wallet's ed25519 key, for transactions and for messages.
 *
 * Signatures are made with the server, up to 64 in one request (`signAll`), and verified before they are returned. Signing throws
 * the errors of `sign`.
 *
 * Kit signs messages without a prefix, so a page could request a "message" that is a transaction. A message that is a
 * transaction of this signer, or that may be one of an unknown version, is refused with a `RangeError`. So is a transaction
 * without this signer, and an off-chain message that is not valid or does not name this signer.
 *
 * @throws {TypeError | RangeError} for a path that cannot be derived
 * @throws {SHARE_NOT_FOUND} if this device does not hold the wallet
 *
 * @example
 * const signer = await solanaSigner(client, { walletId: wallet.id })
 * const message = setTransactionMessageFeePayerSigner(signer, createTransactionMessage({ version: 0 }))
 */
export async function solanaSigner(client: KeySource, options: SolanaSignerParameters): Promise<SolanaSigner> {
  const { walletId, path } = assertObject(options, 'solanaSigner')
  return createSolanaSigner(walletKeys(client, walletId), path)
}

type SolanaKind = 'solanaTransaction' | 'solanaMessage' | 'solanaOffchainMessage'
type SolanaKeys = Pick<WalletKeys, 'getPublicKey' | 'signEd25519'> & Partial<Pick<WalletKeys, 'signAll'>>

type Requested = Extract<KeyRequest, { readonly kind: 'ed25519' }>

/** Creates a signer with a wallet's keys. */
export async function createSolanaSigner(keys: SolanaKeys, path?: string): Promise<SolanaSigner> {
  const publicKey = await keys.getPublicKey('ed25519', path)
  const address = solanaAddress(publicKey)

  /** Several at once where the keys can; otherwise one at a time, so that after a failure no other signature is under way. */
  async function signEach(requests: readonly Requested[], signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    const signatures: Uint8Array[] = []
    if (keys.signAll === undefined) {
      for (const request of requests) signatures.push(await keys.signEd25519({ ...request, signal }))
      return signatures
    }
    for (const batch of inBatches(requests, ({ message }) => message.length)) {
      signatures.push(...(await keys.signAll(batch, { signal })))
    }
    return signatures
  }

  async function signAll(
    kindOf: (message: Uint8Array) => SolanaKind,
    messages: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<SignatureDictionary[]> {
    const dictionaries: SignatureDictionary[] = []
    const requests = messages.map(
      (message) => ({ kind: 'ed25519', message, path, intent: { kind: kindOf(message) } }) as const,
    )
    const signatures = await signEach(requests, signal)
    for (const [i, message] of messages.entries()) {
      const signature = signatures[i]!
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
      return signAll(() => 'solanaTransaction', messages, abortSignal)
    },
    signMessages: async (messages, { abortSignal } = {}) => {
      const contents = messages.map(({ content }) => copy(content, 'content'))
      if (contents.some((content) => isSignedBy(publicKey, content))) {
        throw new RangeError('this message is a transaction: sign it as one')
      }
      if (contents.some(hasOtherVersion)) throw new RangeError('this message may be a transaction of another version')
      for (const content of contents.filter(isOffchainMessage)) {
        if (decodeOffchainMessage(content).signers.includes(address)) continue
        throw new RangeError(`${address} is not a signer of this off-chain message`)
      }
      return signAll(
        (content) => (isOffchainMessage(content) ? 'solanaOffchainMessage' : 'solanaMessage'),
        contents,
        abortSignal,
      )
    },
  })
}

/** A copy, since a caller may change the bytes while they are signed. */
function copy(bytes: unknown, name: string): Uint8Array {
  return abytes(bytes, undefined, name).slice()
}
