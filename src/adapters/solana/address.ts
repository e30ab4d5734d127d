import { getAddressDecoder, type Address } from '@solana/kit'

import { abytes } from '../../util/bytes.ts'

/**
 * The Solana address of an ed25519 public key: the key in base 58.
 *
 * @param publicKey 32 bytes, RFC 8032, such as `wallet.publicKeys.ed25519`
 * @throws {TypeError | RangeError} if it is not 32 bytes
 *
 * @example
 * const address = solanaAddress(wallet.publicKeys.ed25519)
 */
export function solanaAddress(publicKey: Uint8Array): Address {
  return getAddressDecoder().decode(abytes(publicKey, 32, 'publicKey'))
}
