import type { Point, Scalar } from '../../curve/group.ts'
import { abytes, concatBytes, equalBytes } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import { type FrostSuite, publicBytes } from './suites.ts'

/**
 * Verifies a signature strictly: all encodings must be canonical, the public key and R must be of prime order and not the
 * identity, and the equation must hold without the cofactor. See RFC 8032 §5.1.7 with the stricter choices of §8.9,
 * BIP 340, and RFC 9591 §6.5.
 *
 * @param publicKey 32 bytes for ed25519 (RFC 8032), 33 for secp256k1 (SEC 1 compressed), 32 x-only for bip340
 * @param signature R ‖ z: 64 bytes for ed25519 and bip340, 65 for secp256k1
 * @returns false for anything that is not a valid signature, also for a malformed one or a malformed key
 * @throws {TypeError} for arguments that are not byte arrays
 */
export function verifySignature(
  suite: FrostSuite,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  abytes(publicKey, undefined, 'publicKey')
  abytes(message, undefined, 'message')
  abytes(signature, undefined, 'signature')
  const { group } = suite
  const commitmentLength = signature.length - 32
  let key: Point
  let z: Scalar
  try {
    key = group.decodePoint(suite.evenY ? concatBytes(Uint8Array.of(2), publicKey) : publicKey)
    z = group.decodeScalar(signature.slice(-32), { allowZero: true })
  } catch (error) {
    if (isCodecError(error)) return false
    throw error
  }
  const encoded = signature.subarray(0, Math.max(0, commitmentLength))
  const c = suite.challenge(concatBytes(encoded, publicKey, message))
  // Variable time: all inputs are public.
  const commitment = group.linearCombinationVar([group.generator, key], [z, group.negate(c)])
  if (group.isIdentity(commitment)) return false
  if (suite.evenY && !group.hasEvenY(commitment)) return false
  // Comparing bytes also rejects a non-canonical encoding of R, and one of another length.
  return equalBytes(publicBytes(suite, group.encodePoint(commitment)), encoded)
}
