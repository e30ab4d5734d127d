import { sha256 } from '../symmetric/sha256.ts'
import { equalBytes, utf8 } from '../util/bytes.ts'

/** Whether this can be sent in a header and is long enough: 16 or more printable ASCII characters. */
export function isHeaderSecret(secret: unknown): secret is string {
  return typeof secret === 'string' && /^[\x21-\x7e]{16,}$/.test(secret)
}

/**
 * Makes a comparison with a secret. It compares hashes, so that the timing does not reveal how much of the secret
 * matches.
 */
export function createSecretComparison(secret: string): (given: string) => boolean {
  const expected = sha256(utf8(secret))
  return (given) => equalBytes(sha256(utf8(given)), expected)
}
