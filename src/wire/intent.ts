import { fromHex, isHex } from '../util/bytes.ts'
import { Reader, Writer, CodecError, isCodecError } from '../util/codec.ts'
import { createHasher } from '../util/tagged-hash.ts'
import { INTENT_MAX_LENGTH } from './intent-length.ts'

/** The code of each kind of intent in its encoding. */
const KINDS = {
  ethereumTransaction: 1,
  ethereumMessage: 2,
  ethereumTypedData: 3,
  ethereumAuthorization: 4,
  bitcoinTransaction: 5,
  solanaTransaction: 6,
  solanaMessage: 7,
  bitcoinMessage: 8,
  solanaOffchainMessage: 9,
} as const satisfies Readonly<Record<Intent['kind'], number>>

/** The code of each type of a Bitcoin address. */
const ADDRESS_TYPES = { p2wpkh: 1, p2tr: 2, 'p2sh-p2wpkh': 3, p2pkh: 4 } as const

/** A kind of thing that is signed. */
export type IntentKind = Intent['kind']

/** The kinds of intents. */
export const INTENT_KINDS = Object.keys(KINDS) as readonly IntentKind[]

export { INTENT_MAX_LENGTH }

/**
 * What the digest or message of a signature is of. A server with the plug-in of its chain computes the digest or message
 * from it, and signs only if that is the one in the request.
 */
export type Intent =
  | {
      /**
       * What is signed: an Ethereum transaction, a message (EIP-191, version 0x45), typed data (EIP-712), or an
       * authorization (EIP-7702).
       */
      readonly kind: 'ethereumTransaction' | 'ethereumMessage' | 'ethereumTypedData' | 'ethereumAuthorization'
      /**
       * The unsigned transaction, serialized; the message without its prefix; the typed data as JSON in UTF-8; or what is
       * hashed for an authorization: `0x05 ‖ rlp([chainId, address, nonce])`.
       */
      readonly data: Uint8Array
    }
  | {
      /** What is signed: one input of a Bitcoin transaction. */
      readonly kind: 'bitcoinTransaction'
      /** The PSBT (BIP 174, BIP 370). */
      readonly data: Uint8Array
      /** The index of the input that is signed. */
      readonly input: number
    }
  | {
      /** What is signed: a message by the key of a Bitcoin address (BIP 322). */
      readonly kind: 'bitcoinMessage'
      /** The message. */
      readonly data: Uint8Array
      /** The type of the address, which decides how it is signed. */
      readonly addressType: 'p2wpkh' | 'p2tr' | 'p2sh-p2wpkh' | 'p2pkh'
    }
  | {
      /**
       * What is signed: the message of a Solana transaction, an off-chain message with its preamble, or another message. The
       * message in the request is the data.
       */
      readonly kind: 'solanaTransaction' | 'solanaMessage' | 'solanaOffchainMessage'
    }

const VERSION = 1

/**
 * Encodes an intent as `version u8 | kind u8 | [input u32, for bitcoinTransaction] | [address type u8, for bitcoinMessage] |
 * data`.
 *
 * @throws {TypeError} for an unknown type of address
 */
export function encodeIntent(intent: Intent): Uint8Array {
  const writer = new Writer().u8(VERSION).u8(KINDS[intent.kind])
  if (intent.kind === 'bitcoinTransaction') writer.u32(intent.input)
  if (intent.kind === 'bitcoinMessage') writer.u8(addressTypeCode(intent.addressType))
  if ('data' in intent) writer.bytes(intent.data)
  return writer.finish()
}

/** @throws {CodecError} for an unknown version or kind, for more than {@link INTENT_MAX_LENGTH} bytes, and for missing or extra bytes */
export function decodeIntent(bytes: Uint8Array): Intent {
  if (bytes.length > INTENT_MAX_LENGTH) throw new CodecError(`an intent has at most ${INTENT_MAX_LENGTH} bytes`)
  const reader = new Reader(bytes)
  const version = reader.u8()
  if (version !== VERSION) throw new CodecError(`intent version ${version} is not supported`)
  const code = reader.u8()
  const kind = INTENT_KINDS.find((name) => KINDS[name] === code)
  switch (kind) {
    case undefined:
      throw new CodecError(`intent kind ${code} is not supported`)
    case 'solanaTransaction':
    case 'solanaMessage':
    case 'solanaOffchainMessage':
      reader.end()
      return { kind }
    case 'bitcoinTransaction': {
      const input = reader.u32()
      return { kind, input, data: bytes.slice(6) }
    }
    case 'bitcoinMessage': {
      const type = reader.u8()
      const addressType = TYPE_NAMES.find((name) => ADDRESS_TYPES[name] === type)
      if (addressType === undefined) throw new CodecError(`address type ${type} is not supported`)
      return { kind, addressType, data: bytes.slice(3) }
    }
    default:
      return { kind, data: bytes.slice(2) }
  }
}

/** More bytes than any encoding has before its data. */
const HEAD_LENGTH = 7

/**
 * The kind of an encoded intent in hex, read from its first bytes alone; undefined for what is none. Its length and its data
 * are not looked at.
 */
export function intentKind(hex: string): IntentKind | undefined {
  const head = hex.slice(0, 2 * HEAD_LENGTH)
  if (!isHex(head)) return undefined
  try {
    return decodeIntent(fromHex(head)).kind
  } catch (error) {
    if (isCodecError(error)) return undefined
    throw error
  }
}

const TYPE_NAMES = Object.keys(ADDRESS_TYPES) as readonly (keyof typeof ADDRESS_TYPES)[]

function addressTypeCode(type: keyof typeof ADDRESS_TYPES): number {
  if (!TYPE_NAMES.includes(type)) throw new TypeError(`intent.addressType must be ${TYPE_NAMES.join(' or ')}`)
  return ADDRESS_TYPES[type]
}

const hash = createHasher('wallet', 'operation')

/** The hash of an encoded intent, which is part of what both sides sign. 32 bytes. */
export function intentHash(bytes: Uint8Array): Uint8Array {
  return hash('intent', bytes)
}
