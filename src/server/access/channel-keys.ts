import { keyPairOf, X25519_LENGTH, type HpkeKeyPair } from '../../hpke/x25519.ts'
import { abytes, equalBytes } from '../../util/bytes.ts'

/**
 * The key pairs that requests are sealed to, from their secret keys, which are copied.
 *
 * @param requireSealed whether at least one is required
 * @throws {TypeError | RangeError} for an invalid or repeated key, or if one is required and there is none
 */
export function readChannelKeys(keys: readonly Uint8Array[] = [], requireSealed: boolean): readonly HpkeKeyPair[] {
  if (!Array.isArray(keys)) throw new TypeError('channelKeys must be a list of keys')
  if (typeof requireSealed !== 'boolean') throw new TypeError('requireSealed must be a boolean')
  if (requireSealed && keys.length === 0) throw new TypeError('requireSealed needs channelKeys')
  // Done once per process, so its timing reveals nothing.
  const pairs = keys.map((key) => keyPairOf(abytes(key, X25519_LENGTH, 'a channel key').slice()))
  for (const [i, { publicKey }] of pairs.entries()) {
    if (pairs.slice(0, i).some((other) => equalBytes(other.publicKey, publicKey))) {
      throw new RangeError('a channel key is there twice')
    }
  }
  return pairs
}
