import {
  bytesToHex,
  hexToBytes,
  isHex,
  recoverAddress,
  serializeSignature,
  type CustomSource,
  type Hex,
  type LocalAccount,
  type NonceManager,
  type SerializeTransactionFn,
  type Signature,
  type SignableMessage,
  type TransactionSerializable,
  type TypedDataDefinition,
} from 'viem'
import { toAccount } from 'viem/accounts'
import { hashAuthorization } from 'viem/utils'

import { MpcError } from '../../errors.ts'
import type { Intent, KeySource, WalletKeys } from '../../index.ts'
import { assertObject } from '../../util/arguments.ts'
import { ITEMS_MAX } from '../batches.ts'
import { walletKeys } from '../wallet.ts'
import { ethereumAddress, uncompressed } from './address.ts'
import { authorizationIntent } from './intents.ts'
import { prepareMessage, prepareTransaction, prepareTypedData, type Prepared } from './prepare.ts'
import { readAddress } from './values.ts'

interface EthereumItemFields {
  readonly transaction?: TransactionSerializable
  readonly message?: SignableMessage
  readonly typedData?: TypedDataDefinition
}

/** One thing of several that an account signs at once. */
export type EthereumItem =
  | {
      /** As that of `signTransaction`. */
      readonly transaction: TransactionSerializable
    }
  | {
      /** As that of `signMessage`. */
      readonly message: SignableMessage
    }
  | {
      /** As that of `signTypedData`. */
      readonly typedData: TypedDataDefinition
    }

/** A viem account whose key is shared between this device and the server. */
export type EthereumAccount = LocalAccount<'reshare'> & {
  // Not `Required`, which leaves `undefined` in under `exactOptionalPropertyTypes`.
  readonly [K in 'sign' | 'signAuthorization']: NonNullable<CustomSource[K]>
} & {
  /**
   * Signs 1 to 64 transactions, messages and typed data in one operation: all or none. The server's policy sees them together.
   *
   * @returns for each item in order a serialized transaction, or a signature of 65 bytes in hex
   * @throws the errors of `signAll`; {TypeError | RangeError} for an item that cannot be signed, before anything is
   */
  readonly signAll: (items: readonly EthereumItem[]) => Promise<readonly Hex[]>
}

/** Options of an account that concern its key and nonces. */
export interface EthereumAccountOptions {
  /** The derivation path of the key, without hardened steps, such as `m/0/5`. Default: the wallet's key. */
  readonly path?: string
  /** A nonce manager of viem, for sending several transactions at the same time. */
  readonly nonceManager?: NonceManager
}

/** Parameters of {@link ethereumAccount}. */
export interface EthereumAccountParameters extends EthereumAccountOptions {
  /** The wallet's id: 16 bytes in lower-case hex. */
  readonly walletId: string
}

/**
 * Creates a local account of viem with a wallet's secp256k1 key. It signs messages, typed data, transactions and
 * authorizations (EIP-7702).
 *
 * Each signature is made with the server, and verified before it is returned. Signing throws the errors of `sign`.
 *
 * @throws {SHARE_NOT_FOUND} if this device does not hold the wallet
 * @throws {TypeError | RangeError} for a path that cannot be derived
 *
 * @example
 * const account = await ethereumAccount(client, { walletId: wallet.id })
 * const walletClient = createWalletClient({ account, chain: mainnet, transport: http() })
 */
export async function ethereumAccount(client: KeySource, account: EthereumAccountParameters): Promise<EthereumAccount> {
  const { walletId, ...options } = assertObject(account, 'ethereumAccount')
  return createEthereumAccount(walletKeys(client, walletId), options)
}

/** Creates an account with a wallet's keys. */
export async function createEthereumAccount(
  keys: WalletKeys,
  { path, nonceManager }: EthereumAccountOptions = {},
): Promise<EthereumAccount> {
  const publicKey = await keys.getPublicKey('secp256k1', path)
  const address = ethereumAddress(publicKey)

  /** Recovers the address as the chain does, so that a signature by another key is never returned. */
  async function isOurs(hash: Hex, signature: Signature): Promise<boolean> {
    return (await recoverAddress({ hash, signature })) === address
  }

  const notOurs = () => new MpcError('PROTOCOL_ABORTED', `the signature is not one by ${address}`)

  async function signHash(hash: Hex, intent?: Intent): Promise<Signature> {
    if (!isHex(hash) || hash.length !== 66) throw new RangeError('hash must be 32 bytes in hex')
    const { signature, recovery } = await keys.signEcdsa({ digest: hexToBytes(hash), path, intent })
    const parts = partsOf(signature, recovery)
    if (!(await isOurs(hash, parts))) throw notOurs()
    return parts
  }

  /** One of several signatures, which come without their recovery id: the one by which it is ours. */
  async function recoverable(hash: Hex, signature: Uint8Array): Promise<Signature> {
    for (const recovery of [0, 1] as const) {
      const parts = partsOf(signature, recovery)
      // Not every `r` is that of a point.
      if (await isOurs(hash, parts).catch(() => false)) return parts
    }
    throw notOurs()
  }

  const signOne = async ({ hash, intent, finish }: Prepared): Promise<Hex> => finish(await signHash(hash, intent))

  async function signAll(items: readonly EthereumItem[]): Promise<readonly Hex[]> {
    if (!Array.isArray(items) || items.length === 0 || items.length > ITEMS_MAX) {
      throw new RangeError(`signAll takes 1 to ${ITEMS_MAX} items`)
    }
    const prepared = await Promise.all(Array.from(items, prepareItem))
    const signatures = await keys.signAll(
      prepared.map(({ hash, intent }) => ({ kind: 'ecdsa', digest: hexToBytes(hash), path, intent })),
    )
    if (signatures.length !== prepared.length) throw notOurs()
    return Promise.all(
      prepared.map(async ({ hash, finish }, i) => finish(await recoverable(hash, signatures[i] as Uint8Array))),
    )
  }

  const account = toAccount({
    address,
    nonceManager,
    sign: async ({ hash }) => serializeSignature(await signHash(hash)),
    signMessage: async ({ message }) => signOne(prepareMessage(message)),
    signTypedData: async (given) => signOne(prepareTypedData(given)),
    signTransaction: async (transaction, options) => {
      const serializer = options?.serializer as SerializeTransactionFn<TransactionSerializable> | undefined
      return signOne(await prepareTransaction(transaction, serializer))
    },
    signAuthorization: async (request) => {
      const { chainId, nonce } = request
      const delegate = request.contractAddress ?? request.address
      // viem treats a missing number as 0, and chain id 0 means every chain.
      if (![chainId, nonce].every((number) => Number.isSafeInteger(number) && number >= 0)) {
        throw new RangeError('an authorization must have a chainId and a nonce')
      }
      if (readAddress(delegate) === undefined) throw new RangeError('an authorization must have an address')
      const authorization = { address: delegate, chainId, nonce }
      const signature = await signHash(hashAuthorization(authorization), authorizationIntent(authorization))
      return { address: delegate, chainId, nonce, ...signature }
    },
  })
  return { ...account, signAll, publicKey: uncompressed(publicKey), source: 'reshare' } as EthereumAccount
}

function partsOf(signature: Uint8Array, recovery: 0 | 1): Signature {
  return {
    r: bytesToHex(signature.subarray(0, 32)),
    s: bytesToHex(signature.subarray(32)),
    yParity: recovery,
    v: recovery === 0 ? 27n : 28n,
  }
}

/** @throws {TypeError | RangeError} for what is no item, or cannot be signed */
async function prepareItem(item: EthereumItem): Promise<Prepared> {
  const { transaction, message, typedData, ...others } = assertObject(item, 'an item of signAll') as EthereumItemFields
  const given = [transaction, message, typedData].filter((one) => one !== undefined)
  if (given.length !== 1 || Object.keys(others).length > 0) {
    throw new TypeError('an item of signAll must be one transaction, message or typedData')
  }
  if (transaction !== undefined) return prepareTransaction(transaction)
  return message === undefined ? prepareTypedData(typedData) : prepareMessage(message)
}
