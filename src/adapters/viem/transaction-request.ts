import { getAddress, hexToBigInt, hexToNumber, isAddress, isHex, type AccessList, type Address, type Hex } from 'viem'

import { refuseParams } from './provider-error.ts'

/** What `eth_sendTransaction` asks for, in viem's types; what is absent, viem fills in. */
export interface TransactionRequest {
  readonly from?: Address
  readonly to?: Address
  readonly chainId?: number
  readonly type?: 'legacy' | 'eip2930' | 'eip1559'
  readonly nonce?: number
  readonly value?: bigint
  readonly data?: Hex
  readonly gas?: bigint
  readonly gasPrice?: bigint
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
  readonly accessList?: AccessList
}

const TYPES: Readonly<Record<string, TransactionRequest['type']>> = {
  '0x0': 'legacy',
  '0x1': 'eip2930',
  '0x2': 'eip1559',
}

/** How each field is read. Delegations (EIP-7702) are for the application itself: a page must not ask for one. */
const FIELDS: Readonly<Record<string, (value: unknown, name: string) => Partial<TransactionRequest>>> = {
  from: (value, name) => ({ from: address(value, name) }),
  to: (value, name) => ({ to: address(value, name) }),
  chainId: (value, name) => ({ chainId: hexToNumber(quantity(value, name)) }),
  type: (value) => ({ type: TYPES[value as string] ?? refuseParams('type must be 0x0, 0x1 or 0x2') }),
  nonce: (value, name) => ({ nonce: hexToNumber(quantity(value, name)) }),
  value: (value, name) => ({ value: hexToBigInt(quantity(value, name)) }),
  data: (value, name) => ({ data: data(value, name) }),
  input: (value, name) => ({ data: data(value, name) }),
  gas: (value, name) => ({ gas: hexToBigInt(quantity(value, name)) }),
  gasPrice: (value, name) => ({ gasPrice: hexToBigInt(quantity(value, name)) }),
  maxFeePerGas: (value, name) => ({ maxFeePerGas: hexToBigInt(quantity(value, name)) }),
  maxPriorityFeePerGas: (value, name) => ({ maxPriorityFeePerGas: hexToBigInt(quantity(value, name)) }),
  accessList: (value) => ({ accessList: accessList(value) }),
}

/**
 * Reads the parameter of `eth_sendTransaction`. A field that is not understood is refused rather than dropped: what is
 * signed is all of what was asked for.
 *
 * @throws {EthereumProviderError} -32602 if it is not one
 */
export function parseTransactionRequest(value: unknown): TransactionRequest {
  if (typeof value !== 'object' || value === null) return refuseParams('expected a transaction')
  const given = Object.entries(value).filter(([, field]) => field !== undefined && field !== null)
  const fields = Object.fromEntries(given) as Record<string, unknown>
  if (fields['data'] !== undefined && fields['input'] !== undefined && fields['data'] !== fields['input']) {
    refuseParams('data and input differ')
  }
  const parts = given.map(([name, field]) => {
    const read = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    return read === undefined ? refuseParams(`a transaction with ${name} is not supported`) : read(field, name)
  })
  return Object.assign({}, ...parts) as TransactionRequest
}

function address(value: unknown, name: string): Address {
  if (typeof value !== 'string' || !isAddress(value, { strict: false }))
    return refuseParams(`${name} must be an address`)
  return getAddress(value)
}

function quantity(value: unknown, name: string): Hex {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value)) refuseParams(`${name} must be a quantity in hex`)
  return value as Hex
}

/** Bytes in hex. */
export function data(value: unknown, name: string): Hex {
  if (!isHex(value) || value.length % 2 !== 0) return refuseParams(`${name} must be bytes in hex`)
  return value
}

function accessList(value: unknown): AccessList {
  if (!Array.isArray(value)) return refuseParams('accessList must be a list')
  return value.map((entry: { address?: unknown; storageKeys?: unknown } | null) => {
    const keys = entry?.storageKeys
    if (!Array.isArray(keys)) return refuseParams('an entry of accessList must have storageKeys')
    return {
      address: address(entry?.address, 'address in accessList'),
      storageKeys: keys.map((key: unknown) => data(key, 'storage key')),
    }
  })
}
