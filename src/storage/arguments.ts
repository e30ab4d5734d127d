import { abytes } from '../util/bytes.ts'

const MAX_KEY_LENGTH = 256

/**
 * Asserts a store key: 1 to 256 UTF-16 code units of well-formed text.
 *
 * @throws {TypeError} if it is not a string, or has an unpaired surrogate
 * @throws {RangeError} if it is empty or too long
 */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string') throw new TypeError('a store key must be a string')
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw new RangeError(`a store key must be 1 to ${MAX_KEY_LENGTH} code units, got ${key.length}`)
  }
  // Different keys with unpaired surrogates would have the same UTF-8 bytes.
  if (/\p{Surrogate}/u.test(key)) throw new TypeError('a store key must be well-formed text')
}

/**
 * Asserts the prefix of keys to list, which may be any text.
 *
 * @throws {TypeError} if it is not a string
 */
export function checkPrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix !== 'string') throw new TypeError('the prefix of store keys must be a string')
}

/**
 * Asserts the arguments of a write.
 *
 * @returns the value as a plain `Uint8Array`
 * @throws {TypeError} if one is of the wrong type
 * @throws {RangeError} if the key is empty or too long
 */
export function checkWrite(key: unknown, value: unknown, expectedVersion: unknown): Uint8Array {
  checkKey(key)
  const bytes = abytes(value, undefined, 'a stored value')
  if (expectedVersion !== null && typeof expectedVersion !== 'string') {
    throw new TypeError('expectedVersion must be a version, or null to create')
  }
  return bytes
}
