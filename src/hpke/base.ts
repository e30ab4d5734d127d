import { abytes, concatBytes, wipe } from '../util/bytes.ts'
import { CodecError } from '../util/codec.ts'
import { hedgedRandom } from '../util/hedge.ts'
import type { RandomSource } from '../util/random.ts'
import { openContext, TAG_LENGTH, type HpkeContext } from './key-schedule.ts'
import { agreeOnce, generateKeyPair, X25519_LENGTH, type HpkeKeyPair } from './x25519.ts'

// HPKE in mode base, for one message to a key that is used for nothing else.

/** Bytes that a sealed message is longer by: the encapsulated key and the tag. */
export const HPKE_OVERHEAD = X25519_LENGTH + TAG_LENGTH

/** What a message is sealed for, besides a key: it opens under the same alone. */
export interface HpkePurpose {
  /** What the message is for. */
  readonly info: Uint8Array
  /** What it is about. */
  readonly aad: Uint8Array
}

/**
 * Asserts a public key that something can be sealed to.
 *
 * @throws {CodecError} if its order is small: every shared secret with it is zero (RFC 7748 §6.1)
 */
export function validatePublicKey(publicKey: Uint8Array): void {
  // Any secret key tells: all are multiples of the cofactor, and none is one of the large prime order.
  agreeOnce(new Uint8Array(X25519_LENGTH).fill(1), abytes(publicKey, X25519_LENGTH, 'publicKey'))
}

/**
 * `encapsulated key[32] | ciphertext | tag[16]` (RFC 9180 §6.1, Seal). The ephemeral key depends on the plaintext, its purpose
 * and the receiver too, so that no repeated randomness seals two messages alike.
 *
 * @throws {CodecError} for a public key of small order
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

/** {@link hpkeSeal} by an ephemeral key pair, which seals nothing else; its secret key is wiped. */
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
 * The plaintext of {@link hpkeSeal}; secret, wiped by the caller.
 *
 * @throws {CodecError} if it was not sealed to this key for this purpose
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
