import { x25519 } from '@noble/curves/ed25519.js'
import { CodecError } from '../util/codec.ts'
import type { RandomSource } from '../util/random.ts'

/** Length in bytes of an X25519 key. */
export const X25519_LENGTH = 32

/** An X25519 key pair. */
export interface HpkeKeyPair {
  /** 32 bytes. The holder wipes it. */
  readonly secretKey: Uint8Array
  /** 32 bytes */
  readonly publicKey: Uint8Array
}

/** @throws {TypeError} if the secret key is all zero, as after wiping */
export function assertLive(secretKey: Uint8Array): void {
  let bits = 0
  for (const byte of secretKey) bits |= byte
  if (bits === 0) throw new TypeError('the secret key was wiped')
}

/** The key pair of a secret key, which may be any 32 bytes but zeros. Not copied. @throws {TypeError} for zeros */
export function keyPairOf(secretKey: Uint8Array): HpkeKeyPair {
  assertLive(secretKey)
  return { secretKey, publicKey: x25519.getPublicKey(secretKey) }
}

/** Generates an X25519 key pair. */
export function generateKeyPair(random: RandomSource): HpkeKeyPair {
  return keyPairOf(random(X25519_LENGTH))
}

/**
 * X25519 (RFC 7748 §5) for secret keys that are used once. It uses the big integers of \@noble/curves, which are not
 * constant time.
 *
 * @throws {CodecError} if the result is all zero, as RFC 9180 §7.1.4 demands: the public key is of small order
 * @throws {TypeError} if the secret key was wiped
 */
export function agreeOnce(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  assertLive(secretKey)
  try {
    return x25519.getSharedSecret(secretKey, publicKey)
  } catch {
    throw new CodecError('an X25519 public key is of small order')
  }
}
