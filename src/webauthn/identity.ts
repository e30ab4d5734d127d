import { concatBytes, fromUtf8, utf8 } from '../util/bytes.ts'
import { Reader } from '../util/codec.ts'
import { decodeBech32, encodeBech32 } from '../util/bech32.ts'

/** Which passkey is asked for. Nothing of it is secret. */
export interface PasskeyIdentity {
  readonly credentialId: Uint8Array
  /** The domain that it belongs to. */
  readonly rpId: string
  readonly transports: readonly string[]
}

const PREFIX = 'age-plugin-fido2prf-'
const VERSION = 1

/** The major types of CBOR (RFC 8949 §3.1). */
const CBOR = { uint: 0, bytes: 2, text: 3, array: 4 } as const

/** Encodes as age does: Bech32 in upper case of `version, credential id, domain, transports` in CBOR. */
export function encodeIdentity({ credentialId, rpId, transports }: PasskeyIdentity): string {
  const text = (value: string) => concatBytes(head(CBOR.text, utf8(value).length), utf8(value))
  const bytes = concatBytes(
    head(CBOR.uint, VERSION),
    concatBytes(head(CBOR.bytes, credentialId.length), credentialId),
    text(rpId),
    concatBytes(head(CBOR.array, transports.length), ...transports.map(text)),
  )
  return encodeBech32(PREFIX, bytes).toUpperCase()
}

/**
 * Decodes what {@link encodeIdentity}, or age, has encoded.
 *
 * @throws {TypeError} for anything else
 */
export function decodeIdentity(identity: unknown): PasskeyIdentity {
  try {
    if (typeof identity !== 'string') throw new TypeError('it is not a text')
    const reader = new Reader(decodeBech32(PREFIX, identity))
    if (readHead(reader, CBOR.uint) !== VERSION) throw new TypeError('its version is not supported')
    const readText = () => fromUtf8(reader.bytes(readHead(reader, CBOR.text)))
    const credentialId = reader.bytes(readHead(reader, CBOR.bytes))
    const rpId = readText()
    const transports = Array.from({ length: readHead(reader, CBOR.array) }, readText)
    reader.end()
    return { credentialId, rpId, transports }
  } catch (cause) {
    throw new TypeError('identity must be what createPasskey gave', { cause })
  }
}

/** A head of CBOR with its argument, at most 65,535. */
function head(type: number, argument: number): Uint8Array {
  const major = type << 5
  if (argument < 24) return Uint8Array.of(major | argument)
  if (argument < 0x100) return Uint8Array.of(major | 24, argument)
  if (argument < 0x10000) return Uint8Array.of(major | 25, argument >>> 8, argument & 0xff)
  throw new RangeError('a part of the identity is too long')
}

function readHead(reader: Reader, type: number): number {
  const byte = reader.u8()
  if (byte >>> 5 !== type) throw new TypeError('a part of it has another type')
  const argument = byte & 31
  if (argument < 24) return argument
  if (argument === 24) return reader.u8()
  if (argument === 25) return reader.u16()
  throw new TypeError('a part of it is too long')
}
