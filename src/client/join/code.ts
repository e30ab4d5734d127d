import { MpcError } from '../../errors.ts'
import { validatePublicKey } from '../../hpke/base.ts'
import { PSK_LENGTH } from '../../hpke/key-schedule.ts'
import { X25519_LENGTH } from '../../hpke/x25519.ts'
import { equalBytes, fromHex, toHex, wipe } from '../../util/bytes.ts'
import { isCodecError, Reader, Writer } from '../../util/codec.ts'
import { createHasher } from '../../util/tagged-hash.ts'

const VERSION = 1
const ID_LENGTH = 16
const CHECKSUM_LENGTH = 7
const CONTENT_LENGTH = 1 + ID_LENGTH + 3 * X25519_LENGTH
/** 120 bytes are 192 characters of five bits, with no bit left over. */
const TEXT = /^[A-Z2-7]{192}$/

const hash = createHasher('wallet', 'join')

/** What a device that wants to join a wallet shows to a device that has it. */
export interface JoinCode {
  /** 16 bytes in lower-case hex: the id of the invitation, and of the operation. */
  readonly invitationId: string
  /** The X25519 public key that the joining device has made for this invitation alone, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The device id of the joining device, 32 bytes in lower-case hex; null if its transport is not sealed. */
  readonly deviceId: string | null
  /** The pre-shared key of the messages between the two devices, 32 random bytes. Secret. */
  readonly psk: Uint8Array
}

/**
 * Writes a code: `version u8 | invitation id[16] | public key[32] | device id[32], zeros for none | psk[32] | checksum[7]`
 * in base32 (RFC 4648) without padding. All characters are in the alphanumeric mode of a QR code.
 *
 * The text has the pre-shared key. It is for the other device's camera, and for nothing else.
 */
export function encodeJoinCode({ invitationId, publicKey, deviceId, psk }: JoinCode): string {
  const content = new Writer()
    .u8(VERSION)
    .bytes(fromHex(invitationId))
    .bytes(publicKey)
    .bytes(deviceId === null ? new Uint8Array(X25519_LENGTH) : fromHex(deviceId))
    .bytes(psk)
    .finish()
  const bytes = new Writer().bytes(content).bytes(checksum(content)).finish()
  try {
    return toBase32(bytes)
  } finally {
    wipe(content, bytes)
  }
}

/**
 * Reads a code.
 *
 * @returns the caller wipes `psk`
 * @throws {TypeError} if it is not a string
 * @throws {JOIN_CODE_INVALID} for anything but what {@link encodeJoinCode} writes
 */
export function decodeJoinCode(code: string): JoinCode {
  if (typeof code !== 'string') throw new TypeError('code must be a string')
  if (!TEXT.test(code)) throw invalid('it is not 192 characters of A to Z and 2 to 7')
  const bytes = fromBase32(code)
  try {
    return readCode(bytes)
  } finally {
    wipe(bytes)
  }
}

function readCode(bytes: Uint8Array): JoinCode {
  const reader = new Reader(bytes)
  if (reader.u8() !== VERSION) throw invalid('it is of another version')
  const invitationId = toHex(reader.bytes(ID_LENGTH))
  const publicKey = reader.bytes(X25519_LENGTH)
  const device = reader.bytes(X25519_LENGTH)
  const psk = reader.bytes(PSK_LENGTH)
  try {
    if (!equalBytes(checksum(bytes.subarray(0, CONTENT_LENGTH)), reader.bytes(CHECKSUM_LENGTH))) {
      throw invalid('its checksum is wrong')
    }
    const deviceId = equalBytes(device, new Uint8Array(X25519_LENGTH)) ? null : toHex(device)
    assertKey(publicKey)
    if (deviceId !== null) assertKey(device)
    return { invitationId, publicKey, deviceId, psk }
  } catch (error) {
    wipe(psk)
    throw error
  }
}

/** A key has one encoding: X25519 ignores the highest bit (RFC 7748 §5). */
function assertKey(publicKey: Uint8Array): void {
  if ((publicKey[X25519_LENGTH - 1]! & 0x80) !== 0) throw invalid('a key in it is not canonical')
  try {
    validatePublicKey(publicKey)
  } catch (error) {
    if (!isCodecError(error)) throw error
    throw invalid('a key in it is of small order')
  }
}

function checksum(content: Uint8Array): Uint8Array {
  return hash('code', content).slice(0, CHECKSUM_LENGTH)
}

function invalid(why: string): MpcError {
  return new MpcError('JOIN_CODE_INVALID', `this is not the code of a device that wants to join: ${why}`)
}

/** Base32 (RFC 4648) of a multiple of five bytes. No branch or index depends on the bytes. */
function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let count = 0
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff
    count += 8
    for (; count >= 5; count -= 5) {
      const value = (bits >> (count - 5)) & 31
      // 0 to 25 are A to Z, and 26 to 31 are 2 to 7.
      text += String.fromCharCode(value + 65 - (((25 - value) >> 31) & 41))
    }
  }
  return text
}

/** The bytes of text that {@link TEXT} matches. */
function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length * 5) / 8)
  let bits = 0
  let count = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    bits = ((bits << 5) | (code - 65 + (((code - 65) >> 31) & 41))) & 0xfff
    count += 5
    if (count < 8) continue
    count -= 8
    bytes[at++] = bits >> count
  }
  return bytes
}
