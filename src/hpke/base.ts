import { abytes, concatBytes, wipe } from '../util/bytes.ts'
import { CodecError } from '../util/codec.ts'
import { hedgedRandom } from '../util/hedge.ts'
import type { RandomSource } from '../util/random.ts'
import { openContext, TAG_LENGTH, type HpkeContext } from './key-schedule.ts'
import { agreeOnce, generateKeyPair, X25519_LENGTH, type HpkeKeyPair } from './x25519.ts'

// HPKE in mode base, for one message to a key that is used for nothing else.

/** Bytes that a sealed message has in addition to its plaintext: the encapsulated key and the tag. */
export const HPKE_OVERHEAD = X25519_LENGTH + TAG_LENGTH

/** The purpose of a sealed message. It opens only for the same purpose. */
export interface HpkePurpose {
  /** The `info` of RFC 9180: what the message is for. */
  readonly info: Uint8Array
  /** The associated data: what the message is about. */
  readonly aad: Uint8Array
}

/**
 * Asserts that a message can be sealed to a public key.
 *
 * @param publicKey 32 bytes
 * @throws {TypeError | RangeError} if it is not 32 bytes
 * @throws {CodecError} if it is of small order: every shared secret with it is zero (RFC 7748 §6.1)
 */
export function validatePublicKey(publicKey: Uint8Array): void {
  // Any secret key will do: as scalars, all are multiples of the cofactor, and none is a multiple of the prime order.
  agreeOnce(new Uint8Array(X25519_LENGTH).fill(1), abytes(publicKey, X25519_LENGTH, 'publicKey'))
}

/**
 * Seals a message to a public key (RFC 9180 §6.1, Seal).
 *
 * The ephemeral key also depends on the plaintext, its purpose and the receiver. So repeated randomness does not seal two
 * different messages under the same key.
 *
 * @returns `encapsulated key[32] | ciphertext | tag[16]`
 * @throws {CodecError} if the public key is of small order
 */
export function hpkeSeal(
  publicKey: Uint8Array,
  { info, aad }: HpkePurpose,
  plaintext: Uint8Array,
  random: RandomSource,
): Uint8Array {
  const ephemeral = generateKeyPair(hedgedRandom(random, 'ephemeral key', plaintext, publicKey, info, aad))
  return sealBy(ephemeral, publicKey, { info, aad }, plaintext)
}

/** {@link hpkeSeal} with a given ephemeral key pair, which must seal nothing else. Its secret key is wiped. */
export function sealBy(
  ephemeral: HpkeKeyPair,
  publicKey: Uint8Array,
  { info, aad }: HpkePurpose,
  plaintext: Uint8Array,
): Uint8Array {
  let dh: Uint8Array | undefined
  let context: HpkeContext | undefined
  try {
    dh = agreeOnce(ephemeral.secretKey, abytes(publicKey, X25519_LENGTH, 'publicKey'))
    context = openContext('base', dh, concatBytes(ephemeral.publicKey, publicKey), info)
    return concatBytes(ephemeral.publicKey, context.seal(aad, plaintext))
  } finally {
    context?.wipe()
    wipe(dh, ephemeral.secretKey)
  }
}

/**
 * Opens a message of {@link hpkeSeal}.
 *
 * @returns the plaintext; the caller wipes it
 * @throws {CodecError} if it was not sealed to this key for this purpose
 * @throws {TypeError} if the secret key was wiped
 */
export function hpkeOpen(keyPair: HpkeKeyPair, { info, aad }: HpkePurpose, sealed: Uint8Array): Uint8Array {
  if (sealed.length < HPKE_OVERHEAD) throw new CodecError('a sealed message is too short')
  const encapsulated = sealed.slice(0, X25519_LENGTH)
  const dh = agreeOnce(keyPair.secretKey, encapsulated)
  const context = openContext('base', dh, concatBytes(encapsulated, keyPair.publicKey), info)
  try {
    return context.open(aad, sealed.subarray(X25519_LENGTH))
  } finally {
    context.wipe()
    wipe(dh)
  }
}
