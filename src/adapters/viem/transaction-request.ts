import { numberToHex, type AccessList, type Address, type Hex } from 'viem'

import { refuseParams } from './provider-error.ts'
import { address, data, object, quantity, safeInteger } from './rpc-values.ts'
import { readBytes } from './values.ts'

/** The type of a transaction, by viem's name. */
export type TransactionType = 'legacy' | 'eip2930' | 'eip1559'

/** The parameter of `eth_sendTransaction`, in viem's types. Missing fields are filled in later. */
export interface TransactionRequest {
  /** The signer. */
  readonly from?: Address
  /** The recipient; absent for the creation of a contract. */
  readonly to?: Address
  /** The chain's id (EIP-155). */
  readonly chainId?: number
  /** The transaction type. */
  readonly type?: TransactionType
  /** The number of transactions that the signer sent before. */
  readonly nonce?: number
  /** In wei. */
  readonly value?: bigint
  /** The call data, or the code of a new contract. */
  readonly data?: Hex
  /** The gas limit. */
  readonly gas?: bigint
  /** In wei per unit of gas: `legacy` and `eip2930`. */
  readonly gasPrice?: bigint
  /** In wei per unit of gas: `eip1559`. */
  readonly maxFeePerGas?: bigint
  /** In wei per unit of gas: `eip1559`. */
  readonly maxPriorityFeePerGas?: bigint
  /** The addresses and storage keys that are accessed (EIP-2930). */
  readonly accessList?: AccessList
}

const TYPES: Readonly<Record<string, TransactionType>> = { '0x0': 'legacy', '0x1': 'eip2930', '0x2': 'eip1559' }

/** The fields that only some types have. viem would drop such a field if the type does not have it. */
const FIELDS_OF_TYPE: Readonly<Record<TransactionType, readonly string[]>> = {
  legacy: ['gasPrice'],
  eip2930: ['gasPrice', 'accessList'],
  eip1559: ['maxFeePerGas', 'maxPriorityFeePerGas', 'accessList'],
}

/** How each field is read. There is none for delegations (EIP-7702), which a page must not request. */
const FIELDS: Readonly<Record<string, (value: unknown, name: string) => Partial<TransactionRequest>>> = {
  from: (value, name) => ({ from: address(value, name) }),
  to: (value, name) => ({ to: address(value, name) }),
  chainId: (value, name) => ({ chainId: safeInteger(value, name) }),
  type: (value) => ({ type: transactionType(value) }),
  nonce: (value, name) => ({ nonce: safeInteger(value, name) }),
  value: (value, name) => ({ value: quantity(value, name, 256) }),
  data: (value, name) => ({ data: data(value, name) }),
  input: (value, name) => ({ data: data(value, name) }),
  gas: (value, name) => ({ gas: quantity(value, name, 64) }),
  gasLimit: (value, name) => ({ gas: quantity(value, name, 64) }),
  gasPrice: (value, name) => ({ gasPrice: quantity(value, name, 256) }),
  maxFeePerGas: (value, name) => ({ maxFeePerGas: quantity(value, name, 256) }),
  maxPriorityFeePerGas: (value, name) => ({ maxPriorityFeePerGas: quantity(value, name, 256) }),
  accessList: (value) => ({ accessList: accessList(value) }),
}

/**
 * Reads the parameter of `eth_sendTransaction`. A field that is unknown, or that the type does not have, is refused, not
 * dropped. So everything that was requested is signed.
 *
 * @throws {EthereumProviderError} -32602 if it is invalid
 */
export function parseTransactionRequest(value: unknown): TransactionRequest {
  const given = Object.entries(object(value, 'the transaction')).filter(([, field]) => field !== null)
  const parts = given.map(([name, field]) => {
    const read = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    return read === undefined ? refuseParams(`a transaction with ${name} is not supported`) : read(field, name)
  })
  if (new Set(parts.flatMap((part) => part.data ?? [])).size > 1) refuseParams('data and input differ')
  if (new Set(parts.flatMap((part) => part.gas ?? [])).size > 1) refuseParams('gas and gasLimit differ')
  return expectConsistent(Object.assign({}, ...parts) as TransactionRequest)
}

function expectConsistent(transaction: TransactionRequest): TransactionRequest {
  const { type = typeByFees(transaction), to, data: code = '0x', maxFeePerGas, maxPriorityFeePerGas } = transaction
  const own: readonly string[] = type === undefined ? ['accessList'] : FIELDS_OF_TYPE[type]
  for (const field of new Set(Object.values(FIELDS_OF_TYPE).flat())) {
    if (field in transaction && !own.includes(field)) refuseParams(`a transaction of type ${type} has no ${field}`)
  }
  if (maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined && maxPriorityFeePerGas > maxFeePerGas) {
    refuseParams('maxPriorityFeePerGas is above maxFeePerGas')
  }
  if (to === undefined && code === '0x') refuseParams('a transaction without a recipient must have data')
  return type === undefined ? transaction : { ...transaction, type }
}

/** The type that the fee fields imply. Undefined without fee fields: then the chain decides. */
function typeByFees(transaction: TransactionRequest): TransactionType | undefined {
  if ('maxFeePerGas' in transaction || 'maxPriorityFeePerGas' in transaction) return 'eip1559'
  if ('gasPrice' in transaction) return 'accessList' in transaction ? 'eip2930' : 'legacy'
  return undefined
}

/** A transaction in JSON-RPC form. Numbers are in hex. */
export interface RpcTransaction {
  /** The signer. */
  readonly from?: Address
  /** The recipient; absent for the creation of a contract. */
  readonly to?: Address
  /** The chain's id (EIP-155). */
  readonly chainId?: Hex
  /** The transaction type: `0x0`, `0x1` or `0x2`. */
  readonly type?: Hex
  /** The number of transactions that the signer sent before. */
  readonly nonce?: Hex
  /** In wei */
  readonly value?: Hex
  /** The call data, or the code of a new contract. */
  readonly data?: Hex
  /** The gas limit. */
  readonly gas?: Hex
  /** In wei per unit of gas. */
  readonly gasPrice?: Hex
  /** In wei per unit of gas. */
  readonly maxFeePerGas?: Hex
  /** In wei per unit of gas. */
  readonly maxPriorityFeePerGas?: Hex
  /** The addresses and storage keys that are accessed (EIP-2930). */
  readonly accessList?: AccessList
}

/** Converts a transaction to JSON-RPC form. */
export function formatTransaction({ type, ...transaction }: TransactionRequest): RpcTransaction {
  const entries = Object.entries(transaction).map(([name, value]: [string, bigint | number | Hex | AccessList]) => [
    name,
    typeof value === 'bigint' || typeof value === 'number' ? numberToHex(value) : value,
  ])
  const code = Object.keys(TYPES).find((candidate) => TYPES[candidate] === type)
  return { ...(Object.fromEntries(entries) as RpcTransaction), ...(code && { type: code as Hex }) }
}

function transactionType(value: unknown): TransactionType {
  const type = typeof value === 'string' && Object.hasOwn(TYPES, value) ? TYPES[value] : undefined
  return type ?? refuseParams('type must be 0x0, 0x1 or 0x2')
}

function accessList(value: unknown): AccessList {
  if (!Array.isArray(value)) return refuseParams('accessList must be a list')
  return value.map((entry: unknown) => {
    const { address: of, storageKeys: keys, ...others } = object(entry, 'an entry of accessList')
    const [unknown] = Object.keys(others)
    if (unknown !== undefined) refuseParams(`an entry of accessList has an unknown field ${unknown}`)
    if (!Array.isArray(keys)) return refuseParams('an entry of accessList must have storageKeys')
    const storageKeys = keys.map((key: unknown) => storageKey(key))
    return { address: address(of, 'address in accessList'), storageKeys }
  })
}

function storageKey(value: unknown): Hex {
  const key = readBytes(value)
  return key?.length === 66 ? key : refuseParams('a storage key must be 32 bytes in hex')
}
