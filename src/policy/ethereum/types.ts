import type { TypedDataTypes } from '../../adapters/viem/typed-data-types.ts'
import type { TypedDataStruct } from '../../adapters/viem/typed-data.ts'

/** Bytes in lower-case hex after `0x`. */
export type EthereumHex = `0x${string}`

/** An address with its checksum (EIP-55). */
export type EthereumAddress = `0x${string}`

interface AnyEthereumIntent {
  /** The digest in the request was computed from what is said here. */
  readonly verified: true
  /** The address of the key that signs. */
  readonly signer: EthereumAddress
}

/** A transaction of Ethereum, or of a chain like it. */
export interface EthereumTransactionIntent extends AnyEthereumIntent {
  /** Names the kind. */
  readonly kind: 'ethereumTransaction'
  /** The transaction's type. */
  readonly type: 'legacy' | 'eip2930' | 'eip1559' | 'eip4844' | 'eip7702'
  /** The chain's id (EIP-155). Null for a legacy transaction without one, which is valid on every chain. */
  readonly chainId: number | null
  /** The number of transactions that the signer sent before. */
  readonly nonce: number
  /** The recipient; null for the creation of a contract. */
  readonly to: EthereumAddress | null
  /** In wei */
  readonly value: bigint
  /** The call data, or the code of a new contract. */
  readonly data: EthereumHex
  /** The gas limit. */
  readonly gas: bigint
  /** The most that is paid for one unit of gas, in wei: `maxFeePerGas` or `gasPrice`. */
  readonly maxFeePerGas: bigint
  /** The most that the proposer of the block gets of it, in wei. Null for types that do not say. */
  readonly maxPriorityFeePerGas: bigint | null
  /** The most that gas and blobs cost, in wei. `value` comes on top. */
  readonly maxFee: bigint
  /** What is accessed (EIP-2930). */
  readonly accessList: readonly EthereumAccess[]
  /** The hashes of the blobs (EIP-4844). */
  readonly blobVersionedHashes: readonly EthereumHex[]
  /** The accounts that get code by this transaction (EIP-7702). Who has signed them is not checked. */
  readonly authorizations: readonly EthereumAuthorization[]
}

/** What a transaction says that it accesses (EIP-2930). */
export interface EthereumAccess {
  /** The contract. */
  readonly address: EthereumAddress
  /** Its storage keys, 32 bytes each. */
  readonly storageKeys: readonly EthereumHex[]
}

/** What an authorization says. */
export interface EthereumAuthorization {
  /** The chain's id; 0 for every chain. */
  readonly chainId: number
  /** The contract whose code the account gets. */
  readonly address: EthereumAddress
  /** The account's nonce. */
  readonly nonce: number
}

/** An authorization (EIP-7702): the signer's account gets the code of a contract, which can do everything with it. */
export interface EthereumAuthorizationIntent extends AnyEthereumIntent, EthereumAuthorization {
  /** Names the kind. */
  readonly kind: 'ethereumAuthorization'
}

/** A message (EIP-191, version 0x45). */
export interface EthereumMessageIntent extends AnyEthereumIntent {
  /** Names the kind. */
  readonly kind: 'ethereumMessage'
  /** The message without its prefix. */
  readonly data: EthereumHex
  /** The message as text; null if it is not UTF-8. */
  readonly text: string | null
}

/** Typed data (EIP-712), read strictly: every value is of its type, and there is no field that is not signed. */
export interface EthereumTypedDataIntent extends AnyEthereumIntent {
  /** Names the kind. */
  readonly kind: 'ethereumTypedData'
  /** The structs by name. */
  readonly types: TypedDataTypes
  /** The struct of the message. */
  readonly primaryType: string
  /**
   * The domain separator's values. A field that is not there is not signed: without `chainId` or `verifyingContract`, the
   * signature is for every chain, or every contract that accepts it.
   */
  readonly domain: EthereumDomain
  /** The message's values: integers in decimal, bytes in lower-case hex, addresses with their checksum. */
  readonly message: TypedDataStruct
}

/** The domain of typed data (EIP-712), as far as it says. */
export interface EthereumDomain {
  /** The name of the application or protocol. */
  readonly name?: string
  /** The version of the domain. */
  readonly version?: string
  /** The chain's id, in decimal. */
  readonly chainId?: string
  /** The contract that verifies the signature. */
  readonly verifyingContract?: EthereumAddress
  /** 32 bytes. */
  readonly salt?: EthereumHex
}

/** What is signed for Ethereum. */
export type EthereumIntent =
  EthereumTransactionIntent | EthereumMessageIntent | EthereumTypedDataIntent | EthereumAuthorizationIntent
