import {
  bytesToHex,
  getTypesForEIP712Domain,
  hashMessage,
  hexToBytes,
  isHex,
  keccak256,
  recoverAddress,
  serializeSignature,
  serializeTransaction,
  type CustomSource,
  type Hex,
  type LocalAccount,
  type NonceManager,
  type SerializeTransactionFn,
  type Signature,
  type SignableMessage,
  type TransactionSerializable,
  type TypedDataDomain,
} from 'viem'
import { toAccount } from 'viem/accounts'
import { hashAuthorization } from 'viem/utils'

import { MpcError } from '../../errors.ts'
import type { Intent, KeySource, WalletKeys } from '../../index.ts'
import { walletKeys } from '../wallet.ts'
import { ethereumAddress, uncompressed } from './address.ts'
import { authorizationIntent, messageIntent, transactionIntent, typedDataIntent } from './intents.ts'
import { readTypedData, typedDataHash } from './typed-data.ts'
import { isText, readAddress } from './values.ts'
import { assertObject } from '../../util/arguments.ts'

/** A viem account whose key is shared between this device and the server. */
export type EthereumAccount = LocalAccount<'reshare'> & {
  // Not `Required`, which leaves `undefined` in under `exactOptionalPropertyTypes`.
  readonly [K in 'sign' | 'signAuthorization']: NonNullable<CustomSource[K]>
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

  /** Signs a hash. Recovers the address as the chain does, so that a signature by another key is never returned. */
  async function signHash(hash: Hex, intent?: Intent): Promise<Signature> {
    if (!isHex(hash) || hash.length !== 66) throw new RangeError('hash must be 32 bytes in hex')
    const { signature, recovery } = await keys.signEcdsa({ digest: hexToBytes(hash), path, intent })
    const parts: Signature = {
      r: bytesToHex(signature.subarray(0, 32)),
      s: bytesToHex(signature.subarray(32)),
      yParity: recovery,
      v: recovery === 0 ? 27n : 28n,
    }
    if ((await recoverAddress({ hash, signature: parts })) !== address) {
      throw new MpcError('PROTOCOL_ABORTED', `the signature is not one by ${address}`)
    }
    return parts
  }

  async function signSerialized(
    transaction: TransactionSerializable,
    serializer: SerializeTransactionFn<TransactionSerializable> = serializeTransaction,
  ): Promise<Hex> {
    const unsigned = withoutSignature(transaction)
    // The signed part of a blob transaction has no sidecars (EIP-4844, "Networking").
    const signed = unsigned.type === 'eip4844' ? { ...unsigned, sidecars: false as const } : unsigned
    const serialized = await serializer(signed)
    const hash = keccak256(serialized)
    const signature = await signHash(hash, transactionIntent(serialized))
    if (keccak256(await serializer(signed)) !== hash)
      throw new RangeError('the transaction changed while it was signed')
    return serializer(unsigned, signature)
  }

  const account = toAccount({
    address,
    nonceManager,
    sign: async ({ hash }) => serializeSignature(await signHash(hash)),
    signMessage: async ({ message }) =>
      serializeSignature(await signHash(messageHash(message), messageIntent(message))),
    signTypedData: async (given) => {
      const typedData = readTypedData(withDomainTypes(given))
      return serializeSignature(await signHash(typedDataHash(typedData), typedDataIntent(typedData)))
    },
    signTransaction: async (transaction, options) =>
      signSerialized(transaction, options?.serializer as SerializeTransactionFn<TransactionSerializable> | undefined),
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
  return { ...account, publicKey: uncompressed(publicKey), source: 'reshare' } as EthereumAccount
}

/** A copy without the fields of an earlier signature, which viem would serialize as part of the signed data. */
function withoutSignature(transaction: TransactionSerializable): TransactionSerializable {
  const names = ['r', 's', 'v', 'yParity']
  const rest = Object.entries(transaction).filter(([name]) => !names.includes(name))
  return Object.fromEntries(rest)
}

function messageHash(message: SignableMessage): Hex {
  if (typeof message === 'string' && !isText(message)) throw new RangeError('message has no encoding in UTF-8')
  return hashMessage(message)
}

/** Adds the types of the domain if they are missing, as viem does: they follow from the domain's fields. */
function withDomainTypes(typedData: unknown): unknown {
  const { types, domain, ...rest } = typedData as Record<string, unknown>
  const given = Object.entries(domain ?? {}).filter(([, value]) => value !== undefined && value !== null)
  const used = Object.fromEntries(given) as TypedDataDomain
  return {
    ...rest,
    domain: used,
    types: { EIP712Domain: getTypesForEIP712Domain({ domain: used }), ...(types as object) },
  }
}
