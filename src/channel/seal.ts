import { expand, extract } from '../symmetric/hkdf.ts'
import { chacha20poly1305 } from '../symmetric/chacha20-poly1305.ts'
import { stableKeyPair } from '../hpke/agree.ts'
import { setupAuthReceiver, setupAuthSender } from '../hpke/auth.ts'
import { decrypt, KEY_LENGTH, NONCE_LENGTH, TAG_LENGTH, type HpkeContext } from '../hpke/key-schedule.ts'
import { X25519_LENGTH, type HpkeKeyPair } from '../hpke/x25519.ts'
import { concatBytes, equalBytes, utf8, wipe } from '../util/bytes.ts'
import { CodecError } from '../util/codec.ts'
import { hedgedRandom } from '../util/hedge.ts'
import type { RandomSource } from '../util/random.ts'
import { tag } from '../util/tags.ts'
import { isRead, SEALED_VERSIONS } from '../wire/versions.ts'

// A request is sealed by HPKE in mode auth (RFC 9180). Its response is sealed as in Oblivious HTTP (RFC 9458 §4.4), with a
// key that the request's context exports. Each exchange has its own ephemeral key, and the server keeps no state.

const VERSION = SEALED_VERSIONS.written
const KEY_ID_LENGTH = 8
const RESPONSE_NONCE_LENGTH = Math.max(KEY_LENGTH, NONCE_LENGTH)
const HEADER_LENGTH = 1 + KEY_ID_LENGTH + X25519_LENGTH

/** Bytes that a sealed request has in addition to its plaintext. */
export const REQUEST_OVERHEAD = HEADER_LENGTH + X25519_LENGTH + TAG_LENGTH

const REQUEST_INFO = utf8(tag('wallet', 'channel', 'request'))
const RESPONSE_INFO = utf8(tag('wallet', 'channel', 'response'))

/** A sealed request. */
export interface SealedRequest {
  /** The bytes to send. */
  readonly message: Uint8Array
  /**
   * Opens the server's response. Can be called once.
   *
   * @returns the plaintext
   * @throws {CodecError} if it is not this server's response to this request
   */
  openResponse(message: Uint8Array): Uint8Array
}

/** An opened request. */
export interface OpenedRequest {
  /** The public key of the device that sealed it, 32 bytes. */
  readonly device: Uint8Array
  /** The encapsulated key, 32 bytes. It identifies the request: no other request that opens can have the same. */
  readonly id: Uint8Array
  readonly plaintext: Uint8Array
  /** Seals the response. Can be called once. */
  sealResponse(plaintext: Uint8Array): Uint8Array
}

/**
 * Seals a request as
 * `version u8 | key id[8] | device public key[32] | encapsulated key[32] | ciphertext | tag[16]`. The first three fields are
 * the associated data. The key id is the first 8 bytes of the server's public key.
 *
 * @param serverKey the server's pinned public key, 32 bytes
 * @throws {CodecError} if the server's key is of small order
 */
export async function sealRequest(
  serverKey: Uint8Array,
  device: HpkeKeyPair,
  plaintext: Uint8Array,
  random: RandomSource,
): Promise<SealedRequest> {
  const hedged = hedgedRandom(random, 'ephemeral key', device.secretKey, serverKey, REQUEST_INFO, plaintext)
  const ephemeral = await stableKeyPair(hedged(X25519_LENGTH))
  let context: HpkeContext | undefined
  try {
    context = await setupAuthSender(serverKey, device, ephemeral, REQUEST_INFO)
    const header = concatBytes(Uint8Array.of(VERSION), serverKey.subarray(0, KEY_ID_LENGTH), device.publicKey)
    const message = concatBytes(header, ephemeral.publicKey, context.seal(header, plaintext))
    const take = once(context.export(RESPONSE_INFO, KEY_LENGTH))
    return { message, openResponse: (response) => openResponse(take(), ephemeral.publicKey, response) }
  } finally {
    context?.wipe()
    wipe(ephemeral.secretKey)
  }
}

/**
 * Opens a request of {@link sealRequest}.
 *
 * @param keys the server's keys
 * @throws {CodecError} if it was not sealed to one of them, or is malformed
 */
export async function openRequest(
  keys: readonly HpkeKeyPair[],
  message: Uint8Array,
  random: RandomSource,
): Promise<OpenedRequest> {
  if (message.length < REQUEST_OVERHEAD) throw new CodecError('a sealed request is too short')
  if (!isRead(message[0] as number, SEALED_VERSIONS)) throw new CodecError('a sealed request is of another version')
  const header = message.slice(0, HEADER_LENGTH)
  const keyId = header.subarray(1, 1 + KEY_ID_LENGTH)
  const key = keys.find(({ publicKey }) => equalBytes(publicKey.subarray(0, KEY_ID_LENGTH), keyId))
  if (key === undefined) throw new CodecError('a request is sealed to another key')
  const device = header.slice(1 + KEY_ID_LENGTH)
  // X25519 ignores this bit (RFC 7748 §5). If it were allowed, a device would have two ids.
  if (((device[X25519_LENGTH - 1] as number) & 0x80) !== 0) throw new CodecError('a device key is not canonical')
  const encapsulated = message.slice(HEADER_LENGTH, HEADER_LENGTH + X25519_LENGTH)
  const context = await setupAuthReceiver(key, device, encapsulated, REQUEST_INFO)
  try {
    const plaintext = context.open(header, message.subarray(HEADER_LENGTH + X25519_LENGTH))
    const take = once(context.export(RESPONSE_INFO, KEY_LENGTH))
    return {
      device,
      id: encapsulated,
      plaintext,
      sealResponse: (response) => sealResponse(take(), encapsulated, response, random),
    }
  } finally {
    context.wipe()
  }
}

/** Returns a secret once, to a function that wipes it. A second use would seal or open with zeros. */
function once(secret: Uint8Array): () => Uint8Array {
  let isTaken = false
  return () => {
    if (isTaken) throw new Error('an exchange has one response')
    isTaken = true
    return secret
  }
}

/** Seals a response as `version u8 | response nonce[32] | ciphertext | tag[16]`. The version is the associated data. */
function sealResponse(
  secret: Uint8Array,
  encapsulated: Uint8Array,
  plaintext: Uint8Array,
  random: RandomSource,
): Uint8Array {
  // A repeated request has the same secret and encapsulated key, but its response may be different.
  const responseNonce = hedgedRandom(random, 'response nonce', secret, encapsulated, plaintext)(RESPONSE_NONCE_LENGTH)
  const { key, nonce } = responseKey(secret, encapsulated, responseNonce)
  try {
    const version = Uint8Array.of(VERSION)
    return concatBytes(version, responseNonce, chacha20poly1305(key, nonce, version).encrypt(plaintext))
  } finally {
    wipe(key, secret)
  }
}

function openResponse(secret: Uint8Array, encapsulated: Uint8Array, message: Uint8Array): Uint8Array {
  const responseNonce = message.subarray(1, 1 + RESPONSE_NONCE_LENGTH)
  const { key, nonce } = responseKey(secret, encapsulated, responseNonce)
  try {
    if (message[0] !== VERSION) throw new CodecError('a sealed response is of another version')
    return decrypt(key, nonce, message.subarray(0, 1), message.subarray(1 + RESPONSE_NONCE_LENGTH))
  } finally {
    wipe(key, secret)
  }
}

function responseKey(
  secret: Uint8Array,
  encapsulated: Uint8Array,
  responseNonce: Uint8Array,
): { key: Uint8Array; nonce: Uint8Array } {
  const prk = extract(secret, concatBytes(encapsulated, responseNonce))
  try {
    return {
      key: expand(prk, utf8('key'), KEY_LENGTH),
      nonce: expand(prk, utf8('nonce'), NONCE_LENGTH),
    }
  } finally {
    wipe(prk)
  }
}
