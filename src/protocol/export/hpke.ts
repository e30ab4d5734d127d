import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { abytes, concatBytes, utf8, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import type { RandomSource } from '../../util/random.ts'

// RFC 9180 with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305, mode base, one message a key.
// X25519 runs on the big integers of @noble/curves, which are not constant time: so each key is used once.

/** Bytes of an X25519 key. */
export const HPKE_KEY_LENGTH = 32

/** Bytes that a sealed message is longer by: the encapsulated key and the tag. */
export const HPKE_OVERHEAD = HPKE_KEY_LENGTH + 16

const KEM_ID = [0x00, 0x20]
const KEM_SUITE = concatBytes(utf8('KEM'), Uint8Array.from(KEM_ID))
const HPKE_SUITE = concatBytes(utf8('HPKE'), Uint8Array.from([...KEM_ID, 0x00, 0x01, 0x00, 0x03]))
const VERSION = utf8('HPKE-v1')
const MODE_BASE = Uint8Array.of(0)
const EMPTY = new Uint8Array()

/** An X25519 key pair for one message. */
export interface HpkeKeyPair {
  /** Its holder wipes it. */
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
}

/** What a message is sealed for, besides a key: it opens under the same alone. */
export interface HpkeContext {
  /** What the message is for. */
  readonly info: Uint8Array
  /** What it is about. */
  readonly aad: Uint8Array
}

/** An X25519 key pair. */
export function generateKeyPair(random: RandomSource): HpkeKeyPair {
  const secretKey = random(HPKE_KEY_LENGTH)
  return { secretKey, publicKey: x25519.getPublicKey(secretKey) }
}

/**
 * Asserts a public key that something can be sealed to.
 *
 * @throws {CodecError} if its order is small: every shared secret with it is zero (RFC 7748 §6.1)
 */
export function validatePublicKey(publicKey: Uint8Array): void {
  // Any secret key tells: all are multiples of the cofactor, and none is one of the large prime order.
  agree(new Uint8Array(HPKE_KEY_LENGTH), abytes(publicKey, HPKE_KEY_LENGTH, 'publicKey'))
}

/**
 * `encapsulated key[32] | ciphertext | tag[16]` (RFC 9180 §6.1, Seal).
 *
 * @throws {CodecError} for a public key of small order
 */
export function hpkeSeal(
  publicKey: Uint8Array,
  { info, aad }: HpkeContext,
  plaintext: Uint8Array,
  random: RandomSource,
): Uint8Array {
  const ephemeral = generateKeyPair(random)
  let dh: Uint8Array | undefined
  try {
    dh = agree(ephemeral.secretKey, abytes(publicKey, HPKE_KEY_LENGTH, 'publicKey'))
    const ciphertext = withCipher(dh, ephemeral.publicKey, publicKey, info, aad, (cipher) => cipher.encrypt(plaintext))
    return concatBytes(ephemeral.publicKey, ciphertext)
  } finally {
    wipe(dh, ephemeral.secretKey)
  }
}

/**
 * The plaintext of {@link hpkeSeal}; secret, wiped by the caller.
 *
 * @throws {CodecError} if it was not sealed to this key in this context
 */
export function hpkeOpen(keyPair: HpkeKeyPair, { info, aad }: HpkeContext, sealed: Uint8Array): Uint8Array {
  if (sealed.length < HPKE_OVERHEAD) throw new CodecError('a sealed message is too short')
  const encapsulated = sealed.slice(0, HPKE_KEY_LENGTH)
  const ciphertext = sealed.subarray(HPKE_KEY_LENGTH)
  const dh = agree(keyPair.secretKey, encapsulated)
  try {
    return withCipher(dh, encapsulated, keyPair.publicKey, info, aad, (cipher) => open(cipher, ciphertext))
  } finally {
    wipe(dh)
  }
}

type Cipher = ReturnType<typeof chacha20poly1305>

function open(cipher: Cipher, ciphertext: Uint8Array): Uint8Array {
  try {
    return cipher.decrypt(ciphertext)
  } catch {
    throw new CodecError('a sealed message does not open')
  }
}

function agree(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    // Refuses the all-zero result, as RFC 9180 §7.1.4 demands.
    return x25519.getSharedSecret(secretKey, publicKey)
  } catch {
    throw new CodecError('an X25519 public key is of small order')
  }
}

/** RFC 9180 §4.1 ExtractAndExpand, then §5.1 KeySchedule of mode base; the nonce is that of sequence number 0. */
function withCipher<T>(
  dh: Uint8Array,
  encapsulated: Uint8Array,
  publicKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  use: (cipher: Cipher) => T,
): T {
  const secrets: Uint8Array[] = []
  const keep = (secret: Uint8Array): Uint8Array => {
    secrets.push(secret)
    return secret
  }
  try {
    const prk = keep(labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', dh))
    const shared = keep(labeledExpand(KEM_SUITE, prk, 'shared_secret', concatBytes(encapsulated, publicKey), 32))
    const pskIdHash = labeledExtract(HPKE_SUITE, EMPTY, 'psk_id_hash', EMPTY)
    const infoHash = labeledExtract(HPKE_SUITE, EMPTY, 'info_hash', info)
    const context = concatBytes(MODE_BASE, pskIdHash, infoHash)
    const secret = keep(labeledExtract(HPKE_SUITE, shared, 'secret', EMPTY))
    const key = keep(labeledExpand(HPKE_SUITE, secret, 'key', context, 32))
    const nonce = labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, 12)
    return use(chacha20poly1305(key, nonce, aad))
  } finally {
    wipe(...secrets)
  }
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  const labeled = concatBytes(VERSION, suite, utf8(label), input)
  const prk = extract(sha256, labeled, salt)
  wipe(labeled)
  return prk
}

function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return expand(sha256, prk, concatBytes(Uint8Array.of(0, length), VERSION, suite, utf8(label), info), length)
}
