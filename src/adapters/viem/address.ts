import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex, type Address, type Hex } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'

import { abytes } from '../../util/bytes.ts'

/**
 * The Ethereum address of a secp256k1 public key, with its checksum (EIP-55).
 *
 * @param publicKey 33 bytes, SEC 1 compressed, such as `wallet.publicKeys.secp256k1`
 * @throws {TypeError | RangeError} if it is not a public key
 *
 * @example
 * const address = ethereumAddress(wallet.publicKeys.secp256k1)
 */
export function ethereumAddress(publicKey: Uint8Array): Address {
  return publicKeyToAddress(uncompressed(publicKey))
}

/** The public key in viem's form: 65 bytes (SEC 1 uncompressed) in hex. @throws {TypeError | RangeError} if it is invalid */
export function uncompressed(publicKey: Uint8Array): Hex {
  const bytes = abytes(publicKey, 33, 'publicKey')
  try {
    return bytesToHex(secp256k1.Point.fromBytes(bytes).toBytes(false))
  } catch (cause) {
    throw new RangeError('publicKey is not a point of secp256k1', { cause })
  }
}
