import { MpcError } from '../../errors.ts'
import { abytes, wipe } from '../../util/bytes.ts'
import { withCode } from '../../util/failures.ts'

/** The length of a secret in bytes, at least. */
export const SECRET_MIN_LENGTH = 32

/** Gives a secret of the app. The array is wiped after use. `undefined` or `null` says that the secret is gone. */
export type GetSecret = (options: {
  /** Ends the prompt, if there is one. */
  readonly signal?: AbortSignal
}) => Uint8Array | null | undefined | Promise<Uint8Array | null | undefined>

/**
 * Asks the app for a secret.
 *
 * @param name of the secret, for errors
 * @returns bytes of the app's, which the caller wipes
 * @throws {STORAGE_UNAVAILABLE} if the app throws; not retryable if it gives anything but enough bytes
 * @throws {SHARE_NOT_FOUND} if it says that the secret is gone
 */
export async function askSecret(get: GetSecret, signal: AbortSignal | undefined, name: string): Promise<Uint8Array> {
  const given = await withCode('STORAGE_UNAVAILABLE', `${name} could not be had`, () => get(signal ? { signal } : {}))
  if (given === undefined || given === null) {
    throw new MpcError('SHARE_NOT_FOUND', `${name} is gone: recover the wallet from its backup`)
  }
  const secret = readBytes(given)
  if (secret !== undefined && secret.length >= SECRET_MIN_LENGTH) return secret
  wipe(secret)
  const message = `${name} must be at least ${SECRET_MIN_LENGTH} bytes`
  throw new MpcError('STORAGE_UNAVAILABLE', message, { retryable: false })
}

/**
 * Copies a secret that was given as an argument.
 *
 * @throws {TypeError | RangeError} if it is not enough bytes
 */
export function copySecret(given: unknown, name: string): Uint8Array {
  const bytes = abytes(given, undefined, name)
  if (bytes.length < SECRET_MIN_LENGTH) throw new RangeError(`${name} must be at least ${SECRET_MIN_LENGTH} bytes`)
  return new Uint8Array(bytes)
}

function readBytes(given: unknown): Uint8Array | undefined {
  try {
    return abytes(given, undefined, 'secret')
  } catch {
    return undefined
  }
}
