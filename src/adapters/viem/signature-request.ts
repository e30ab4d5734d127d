import { stringToHex, type Address, type Hex } from 'viem'

import { parseExactJson } from './json.ts'
import { EthereumProviderError, PROVIDER_CODES, readParams, refuseParams } from './provider-error.ts'
import { parseTransactionRequest, type RpcTransaction, type TransactionRequest } from './transaction-request.ts'
import { readTypedData, typedDataHash, type TypedData } from './typed-data.ts'
import { isText, readBytes } from './values.ts'

/**
 * A request as `approve` gets it: frozen, checked, and in canonical form. Exactly this is signed, with one exception: if the
 * page gave no nonce, a transaction gets it when it is sent.
 */
export type ProviderRequest =
  | {
      /** Signs a message (ERC-191). */
      readonly method: 'personal_sign'
      /** The message in hex, and the signer. */
      readonly params: readonly [message: Hex, address: Address]
    }
  | {
      /** Signs typed data (EIP-712). */
      readonly method: 'eth_signTypedData_v4'
      /** The signer, and the data. */
      readonly params: readonly [address: Address, typedData: TypedData]
    }
  | {
      /** Signs a transaction and sends it. */
      readonly method: 'eth_sendTransaction'
      /** The transaction. */
      readonly params: readonly [transaction: RpcTransaction]
    }
  | {
      /** Signs a transaction that executes several calls, and sends it (EIP-5792). */
      readonly method: 'wallet_sendCalls'
      /** The calls, and the transaction. */
      readonly params: readonly [batch: RpcBatch]
    }

/** Several calls in one transaction, in JSON-RPC form. */
export interface RpcBatch {
  /** The signer. */
  readonly from: Address
  /** The chain's id (EIP-155). */
  readonly chainId: Hex
  /** Whether the page takes nothing but one transaction. */
  readonly atomicRequired: boolean
  /** The calls: recipient, wei and call data. */
  readonly calls: readonly {
    /** The recipient. */
    readonly to: Address
    /** In wei. */
    readonly value: Hex
    /** The call data. */
    readonly data: Hex
  }[]
  /** The transaction of the account to itself, whose data are the calls (ERC-7821). */
  readonly transaction: RpcTransaction
  /**
   * The contract whose code the account gets by this transaction (EIP-7702), and keeps. An authorization for it is signed
   * too. Absent if the account has it already.
   */
  readonly delegate?: Address
}

/** A page's request for a signature. */
export type SignatureRequest =
  | { readonly method: 'personal_sign'; readonly message: Hex }
  | { readonly method: 'eth_signTypedData_v4'; readonly typedData: TypedData }
  | { readonly method: 'eth_sendTransaction'; readonly transaction: TransactionRequest }

/** The account and the chain of a provider. */
export interface Signer {
  readonly address: Address
  /** The chain's id (EIP-155). */
  readonly chainId: number
}

/**
 * Reads and checks a page's request for a signature. Only checked values are passed on.
 *
 * @returns undefined if the method does not request a signature
 * @throws {EthereumProviderError} -32602 if the parameters are wrong, 4100 if another account should sign
 */
export function parseSignatureRequest(
  method: string,
  params: readonly unknown[],
  signer: Signer,
): SignatureRequest | undefined {
  switch (method) {
    case 'personal_sign':
      return { method, message: parseMessage(messageOf(params, signer)) }
    case 'eth_signTypedData_v4':
      expectSigner(params[0], signer)
      return { method, typedData: parseTypedData(params[1], signer) }
    case 'eth_sendTransaction':
      return { method, transaction: parseTransaction(params[0], signer) }
    default:
      return undefined
  }
}

/**
 * The message of `personal_sign`: its parameters are the message and the address. Some pages have them the other way round,
 * as in `eth_sign`. An address that is signed as a message is in the first place.
 */
function messageOf([first, second]: readonly unknown[], signer: Signer): unknown {
  if (isSigner(first, signer) && !isSigner(second, signer)) return second
  expectSigner(second, signer)
  return first
}

function isSigner(address: unknown, signer: Pick<Signer, 'address'>): boolean {
  return typeof address === 'string' && address.toLowerCase() === signer.address.toLowerCase()
}

/** @throws {EthereumProviderError} -32602 if it is no address, 4100 if it is another one */
export function expectSigner(address: unknown, signer: Pick<Signer, 'address'>): void {
  if (typeof address !== 'string') return refuseParams('expected an address')
  if (isSigner(address, signer)) return
  throw new EthereumProviderError(PROVIDER_CODES.unauthorized, `this provider does not sign for ${address}`)
}

/**
 * Reads a message: bytes in hex, or text, which some pages send. Text that only begins like hex is text, for all wallets.
 * An odd number of digits is refused, since some would read text, and others bytes.
 */
function parseMessage(message: unknown): Hex {
  if (isText(message) && !/^0x[0-9a-fA-F]*$/.test(message)) return stringToHex(message)
  return readBytes(message) ?? refuseParams('message must be bytes in hex, or text')
}

function parseTypedData(value: unknown, { chainId }: Signer): TypedData {
  return readParams(() => {
    const typedData = readTypedData(parseExactJson(typeof value === 'string' ? value : JSON.stringify(value)))
    const { chainId: wanted } = typedData.domain
    // A domain without a chain id is valid on every chain.
    if (wanted !== undefined && wanted !== String(chainId)) refuseParams(`the typed data is not for chain ${chainId}`)
    typedDataHash(typedData)
    return typedData
  })
}

function parseTransaction(value: unknown, signer: Signer): TransactionRequest {
  const transaction = parseTransactionRequest(value)
  if (transaction.from !== undefined) expectSigner(transaction.from, signer)
  if (transaction.chainId === undefined || transaction.chainId === signer.chainId) return transaction
  return refuseParams(`this provider is for chain ${signer.chainId} only`)
}
