import {
  concatHex,
  hexToBytes,
  numberToHex,
  stringToBytes,
  toRlp,
  type Address,
  type Hex,
  type SignableMessage,
} from 'viem'

import type { Intent } from '../../index.ts'
import { utf8 } from '../../util/bytes.ts'
import type { TypedData } from './typed-data.ts'

/**
 * What a serialized, unsigned transaction is. Undefined for a type of a single chain, such as a custom serializer makes:
 * the server then knows only the digest.
 */
export function transactionIntent(serialized: Hex): Intent | undefined {
  const data = hexToBytes(serialized)
  const [first = 0] = data
  const isStandard = (first >= 0x01 && first <= 0x04) || first >= 0xc0
  return isStandard ? { kind: 'ethereumTransaction', data } : undefined
}

/** What a message of EIP-191 is. */
export function messageIntent(message: SignableMessage): Intent {
  return { kind: 'ethereumMessage', data: bytesOf(message) }
}

function bytesOf(message: SignableMessage): Uint8Array {
  if (typeof message === 'string') return stringToBytes(message)
  return typeof message.raw === 'string' ? hexToBytes(message.raw) : Uint8Array.from(message.raw)
}

/** What typed data is. */
export function typedDataIntent(typedData: TypedData): Intent {
  return { kind: 'ethereumTypedData', data: utf8(JSON.stringify(typedData)) }
}

/** What an authorization (EIP-7702) is: the bytes that are hashed for it. */
export function authorizationIntent(authorization: {
  readonly address: Address
  readonly chainId: number
  readonly nonce: number
}): Intent {
  const { address, chainId, nonce } = authorization
  const rlp = toRlp([chainId === 0 ? '0x' : numberToHex(chainId), address, nonce === 0 ? '0x' : numberToHex(nonce)])
  return { kind: 'ethereumAuthorization', data: hexToBytes(concatHex(['0x05', rlp])) }
}
