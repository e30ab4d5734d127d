import { bytesToHex, fromRlp, getAddress, hashMessage, hexToBytes, keccak256, toRlp, type Hex } from 'viem'

import { ethereumAddress } from '../../adapters/viem/address.ts'
import { fromUtf8 } from '../../util/bytes.ts'
import type { Intent } from '../../wire/intent.ts'
import type { IntendedSignature, IntentDecoder } from '../types.ts'
import { decodeTransaction } from './transaction.ts'
import { decodeTypedData } from './typed-data.ts'
import type { EthereumAuthorization, EthereumIntent } from './types.ts'

export type {
  EthereumAccess,
  EthereumAddress,
  EthereumAuthorization,
  EthereumAuthorizationIntent,
  EthereumDomain,
  EthereumHex,
  EthereumIntent,
  EthereumMessageIntent,
  EthereumTransactionIntent,
  EthereumTypedDataIntent,
} from './types.ts'
export type { IntendedSignature, IntentDecoder } from '../types.ts'

const KINDS = ['ethereumTransaction', 'ethereumMessage', 'ethereumTypedData', 'ethereumAuthorization'] as const

/**
 * Decodes what is signed for Ethereum and chains like it: transactions of the types 0 to 4, messages (EIP-191), typed data
 * (EIP-712) and authorizations (EIP-7702). It needs the package `viem`.
 *
 * @example
 * const optionsOfCreateServer = { intents: [ethereumIntents()], requireIntent: true }
 */
export function ethereumIntents(): IntentDecoder {
  return {
    kinds: KINDS,
    decode(intent, signature) {
      const { hash, described } = decode(intent)
      return { scheme: 'ecdsa', message: hexToBytes(hash), intent: withSigner(described, signature) }
    },
  }
}

/** An intent without what follows from the key. */
type Described = DistributiveOmit<EthereumIntent, 'verified' | 'signer'>
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function withSigner(described: Described, { publicKey }: IntendedSignature): EthereumIntent {
  return { ...described, verified: true, signer: ethereumAddress(publicKey) }
}

/** Everything that is signed for Ethereum comes through here. */
function decode(intent: Intent): { readonly hash: Hex; readonly described: Described } {
  const { kind } = intent
  switch (kind) {
    case 'ethereumTransaction': {
      const { hash, transaction } = decodeTransaction(bytesToHex(intent.data))
      return { hash, described: { kind, ...transaction } }
    }
    case 'ethereumMessage': {
      const data = bytesToHex(intent.data)
      return { hash: hashMessage({ raw: data }), described: { kind, data, text: textOf(intent.data) } }
    }
    case 'ethereumTypedData': {
      const { hash, ...typedData } = decodeTypedData(intent.data)
      return { hash, described: { kind, ...typedData } }
    }
    case 'ethereumAuthorization': {
      const data = bytesToHex(intent.data)
      return { hash: keccak256(data), described: { kind, ...decodeAuthorization(data) } }
    }
    default:
      throw new RangeError(`${kind} is not an intent of Ethereum`)
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes)
  } catch {
    return null
  }
}

/** @throws {RangeError} unless it is `0x05 ‖ rlp([chainId, address, nonce])` (EIP-7702), in its only encoding */
function decodeAuthorization(data: Hex): EthereumAuthorization {
  const [chainId, address, nonce] = fieldsOf(data)
  const read = { chainId: numberOf(chainId, 'chainId'), address: getAddress(address), nonce: numberOf(nonce, 'nonce') }
  if (`0x05${toRlp([chainId, address, nonce]).slice(2)}` !== data) {
    throw new RangeError('the authorization is not in its canonical form')
  }
  return read
}

function fieldsOf(data: Hex): readonly [Hex, Hex, Hex] {
  const fields = data.startsWith('0x05') ? readRlp(`0x${data.slice(4)}`) : undefined
  const isRead = Array.isArray(fields) && fields.length === 3 && fields.every((field) => typeof field === 'string')
  if (!isRead || fields[1]?.length !== 42) throw new RangeError('not an authorization')
  return fields as unknown as readonly [Hex, Hex, Hex]
}

function readRlp(data: Hex): unknown {
  try {
    return fromRlp(data)
  } catch (cause) {
    throw new RangeError('not an authorization', { cause })
  }
}

function numberOf(field: Hex, name: string): number {
  if (field.startsWith('0x00')) throw new RangeError(`${name} has leading zeros`)
  const number = field === '0x' ? 0 : Number(field)
  return Number.isSafeInteger(number) ? number : fail(`${name} is too large`)
}

function fail(message: string): never {
  throw new RangeError(message)
}
