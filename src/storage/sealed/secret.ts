import { MpcError } from '../../errors.ts'
import { abytes, allSame, wipe } from '../../util/bytes.ts'
import { withCode } from '../../util/failures.ts'

/** The length of a secret in bytes, at least. */
const SECRET_MIN_LENGTH = 32

const WEAK = `at least ${SECRET_MIN_LENGTH} bytes that are not all the same`

/** Gives a secret of the app, which is copied. `undefined` or `null` says that the secret is gone. */
export type GetSecret = (options: {
  /** Ends the prompt, if there is one. */
  readonly signal?: AbortSignal
}) => Uint8Array | null | undefined | Promise<Uint8Array | null | undefined>

/**
 * Asks the app for a secret.
 *
 * @param name of the secret, for errors
 * @returns a copy, which the caller wipes
 * @throws {STORAGE_UNAVAILABLE} if the app throws; not retryable if it gives anything but enough bytes
 * @throws {SHARE_NOT_FOUND} if it says that the secret is gone
 */
export async function askSecret(get: GetSecret, signal: AbortSignal | undefined, name: string): Promise<Uint8Array> {
  const given = await withCode('STORAGE_UNAVAILABLE', `${name} could not be had`, () => get(signal ? { signal } : {}))
  if (given === undefined || given === null) {
    throw new MpcError('SHARE_NOT_FOUND', `${name} is gone: recover the wallet from its backup`)
  }
  return takeSecret(given, name)
}

/**
 * Copies a secret that was asked for. An app may give the same array again, so that it is never wiped.
 *
 * @throws {STORAGE_UNAVAILABLE} if it is not enough bytes, or all of them are the same: they would be of an array that the
 *   app has wiped. Not retryable
 */
export function takeSecret(given: unknown, name: string): Uint8Array {
  const secret = readBytes(given)
  if (secret !== undefined && isSecret(secret)) return secret
  wipe(secret)
  throw new MpcError('STORAGE_UNAVAILABLE', `${name} must be ${WEAK}`, { retryable: false })
}

/**
 * Copies a secret that was given as an argument.
 *
 * @throws {TypeError | RangeError} if it is not enough bytes, or all of them are the same
 */
export function copySecret(given: unknown, name: string): Uint8Array {
  const bytes = abytes(given, undefined, name)
  if (!isSecret(bytes)) throw new RangeError(`${name} must be ${WEAK}`)
  return new Uint8Array(bytes)
}

function isSecret(bytes: Uint8Array): boolean {
  return bytes.length >= SECRET_MIN_LENGTH && !allSame(bytes)
}

function readBytes(given: unknown): Uint8Array | undefined {
  try {
    return new Uint8Array(abytes(given, undefined, 'secret'))
  } catch {
    return undefined
  }
}
