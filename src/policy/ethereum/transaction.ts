import {
  getAddress,
  keccak256,
  parseTransaction,
  serializeTransaction,
  type Hex,
  type TransactionSerializable,
} from 'viem'

import type { EthereumTransactionIntent } from './types.ts'

/** The gas of one blob (EIP-4844, `GAS_PER_BLOB`). */
const GAS_PER_BLOB = 131_072n

/** What a field may be at most, as the chain reads it. */
const MOST_64 = (1n << 64n) - 1n
const MOST_256 = (1n << 256n) - 1n

/** A decoded transaction, and the hash that is signed. */
export interface DecodedTransaction {
  readonly hash: Hex
  readonly transaction: Omit<EthereumTransactionIntent, 'kind' | 'verified' | 'signer'>
}

/**
 * Decodes a transaction without a signature.
 *
 * @throws {RangeError} if it is not one, is signed, is of an unknown type, or is encoded in another way than the only canonical one
 */
export function decodeTransaction(serialized: Hex): DecodedTransaction {
  const parsed = parse(serialized)
  const { r, s, v, yParity } = parsed
  if ([r, s, v, yParity].some((part) => part !== undefined)) throw new RangeError('the transaction is already signed')
  // Whatever viem reads leniently it writes in one way: padded numbers, bytes left over, blobs of the network's form.
  const sidecars = parsed.type === 'eip4844' ? { sidecars: false as const } : {}
  if (serialize({ ...parsed, ...sidecars } as TransactionSerializable) !== serialized) {
    throw new RangeError('the transaction is not in its canonical form')
  }
  return { hash: keccak256(serialized), transaction: describe(parsed) }
}

/** The fields that transactions of any type may have. */
interface AnyTransaction {
  readonly type?: string
  readonly chainId?: number
  readonly nonce?: number
  readonly to?: Hex | null
  readonly value?: bigint
  readonly data?: Hex
  readonly gas?: bigint
  readonly gasPrice?: bigint
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
  readonly maxFeePerBlobGas?: bigint
  readonly blobVersionedHashes?: readonly Hex[]
  readonly accessList?: readonly { readonly address: Hex; readonly storageKeys: readonly Hex[] }[]
  readonly authorizationList?: readonly { readonly chainId: number; readonly address: Hex; readonly nonce: number }[]
  readonly r?: Hex
  readonly s?: Hex
  readonly v?: bigint
  readonly yParity?: number
}

function parse(serialized: Hex): AnyTransaction {
  try {
    return parseTransaction(serialized as never)
  } catch (cause) {
    throw new RangeError('not a transaction of a known type', { cause })
  }
}

function serialize(transaction: TransactionSerializable): Hex {
  try {
    return serializeTransaction(transaction)
  } catch (cause) {
    throw new RangeError('the transaction is not in its canonical form', { cause })
  }
}

function describe(parsed: AnyTransaction): DecodedTransaction['transaction'] {
  const { value = 0n, gas = 0n, gasPrice = 0n, maxFeePerGas = gasPrice, maxFeePerBlobGas = 0n } = parsed
  const { blobVersionedHashes = [], accessList = [], authorizationList = [], to } = parsed
  requireAtMost(MOST_256, { value, maxFeePerGas, maxFeePerBlobGas })
  requireAtMost(MOST_64, { gas })
  const hasPriority = parsed.type !== 'legacy' && parsed.type !== 'eip2930'
  return {
    type: parsed.type as EthereumTransactionIntent['type'],
    chainId: parsed.chainId ?? null,
    nonce: parsed.nonce ?? 0,
    to: to === undefined || to === null ? null : getAddress(to),
    value,
    data: parsed.data ?? '0x',
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas: hasPriority ? (parsed.maxPriorityFeePerGas ?? 0n) : null,
    maxFee: gas * maxFeePerGas + BigInt(blobVersionedHashes.length) * GAS_PER_BLOB * maxFeePerBlobGas,
    accessList: accessList.map(({ address, storageKeys }) => ({ address: getAddress(address), storageKeys })),
    blobVersionedHashes,
    authorizations: authorizationList.map(({ chainId, address, nonce }) => ({
      chainId,
      address: getAddress(address),
      nonce,
    })),
  }
}

function requireAtMost(most: bigint, fields: Readonly<Record<string, bigint>>): void {
  const wrong = Object.entries(fields).find(([, value]) => value > most)
  if (wrong !== undefined) throw new RangeError(`${wrong[0]} is too large`)
}
