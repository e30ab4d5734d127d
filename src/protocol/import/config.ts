import type { Point } from '../../curve/group.ts'
import { abytes } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import { checkKeygenOptions, type KeygenConfig } from '../keygen/config.ts'
import type { ImportOptions, ImportTerms } from './types.ts'

/** The terms of an import, after they were checked. */
export interface ImportConfig extends KeygenConfig {
  /** The participant number of the party that has the key. */
  readonly dealer: number
  /** pk, which the dealer's polynomial has to begin with */
  readonly publicKey: Point
  /** pk, encoded */
  readonly encodedKey: Uint8Array
  /** 32 bytes; undefined if the parties draw one. */
  readonly chainCode: Uint8Array | undefined
}

/**
 * Checks the terms of an import, and copies them.
 *
 * @throws {TypeError | RangeError} as `checkKeygenOptions`, and for a dealer that is not among the parties, a public key
 *   that is no point of the prime-order group, or a chain code that is not 32 bytes
 */
export function checkImportTerms(terms: ImportTerms): ImportConfig {
  const config = checkKeygenOptions(terms)
  const { group, publicKey, chainCode } = terms
  const dealer = config.parties.findIndex(({ id }) => id === terms.dealer) + 1
  if (dealer === 0) throw new RangeError(`party ${terms.dealer} is not among the parties`)
  const encodedKey = abytes(publicKey, group.pointLength, 'publicKey').slice()
  return {
    ...config,
    dealer,
    publicKey: decodeKey(terms, encodedKey),
    encodedKey,
    chainCode: chainCode && abytes(chainCode, 32, 'chainCode').slice(),
  }
}

/**
 * @throws {TypeError | RangeError} as {@link checkImportTerms}, unless exactly the dealer has a key, or if it is not that
 *   of the public key
 */
export function checkImportOptions(options: ImportOptions): ImportConfig {
  const config = checkImportTerms(options)
  const { group, secret } = options
  if ((config.self === config.dealer) !== (secret !== undefined)) throw new TypeError('exactly the dealer has the key')
  if (secret !== undefined && !group.equalPoints(group.multiplyBase(secret), config.publicKey)) {
    throw new RangeError('the key is not that of the public key')
  }
  return config
}

function decodeKey({ group }: ImportTerms, encoded: Uint8Array): Point {
  try {
    return group.decodePoint(encoded)
  } catch (cause) {
    if (!isCodecError(cause)) throw cause
    throw new RangeError(`publicKey: ${cause.message}`, { cause })
  }
}
