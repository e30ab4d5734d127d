import { sha512 } from '../../symmetric/sha512.ts'
import type { Group, Scalar } from '../../curve/group.ts'
import { concatBytes, utf8, wipe } from '../../util/bytes.ts'

const PREFIX_DOMAIN = utf8('reshare/v1/scalar-signer/prefix')

/** A key as RFC 8032 expands it from a seed: a scalar, and the prefix of its nonces. */
export interface ExpandedKey {
  /** s. Secret. */
  readonly scalar: Scalar
  /** 32 bytes. Secret. */
  readonly prefix: Uint8Array
  /** A = s·B, 32 bytes */
  readonly publicKey: Uint8Array
}

/**
 * The prefix of a key that has no seed: the last 32 bytes of `SHA-512(domain ‖ s)`, as RFC 8032 §5.1.5 takes the last 32 of
 * the hash of a seed. It depends on s alone, so that the same message always gets the same signature.
 */
export function prefixOf(scalar: Scalar): Uint8Array {
  const input = concatBytes(PREFIX_DOMAIN, scalar)
  const digest = sha512(input)
  const prefix = digest.slice(32)
  wipe(input, digest)
  return prefix
}

/**
 * Signs as RFC 8032 §5.1.6 does, with `r = SHA-512(prefix ‖ M)`.
 *
 * @returns 64 bytes: R ‖ S
 */
export function signExpanded(
  group: Group,
  { scalar, prefix, publicKey }: ExpandedKey,
  message: Uint8Array,
): Uint8Array {
  const input = concatBytes(prefix, message)
  const digest = sha512(input)
  const nonce = group.reduce(digest)
  const commitment = group.encodePoint(group.multiplyBase(nonce))
  const challenge = group.reduce(sha512(concatBytes(commitment, publicKey, message)))
  const product = group.multiply(challenge, scalar)
  const response = group.add(nonce, product)
  wipe(input.subarray(0, prefix.length), digest, nonce, product)
  return concatBytes(commitment, response)
}
