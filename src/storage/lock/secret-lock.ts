import { MpcError } from '../../errors.ts'
import { abytes, isBytes, wipe } from '../../util/bytes.ts'
import { withCode } from '../../util/failures.ts'
import { createLock, lockGone, SECRET_MIN_LENGTH, type OpenOptions } from './device-lock.ts'
import type { DeviceLock } from './types.ts'

/** Options of {@link secretLock}. */
export interface SecretLockOptions extends OpenOptions {
  /**
   * Gives the secret, at least 32 random bytes, such as from a keychain that asks the user for a fingerprint. It is called
   * once for each opening. The array is wiped: give a fresh one. `undefined` or `null` says that the secret is gone.
   *
   * What it throws is STORAGE_UNAVAILABLE, and may be tried again.
   */
  readonly getSecret: (options: {
    readonly signal: AbortSignal
  }) => Uint8Array | null | undefined | Promise<Uint8Array | null | undefined>
}

/**
 * A lock whose secret the app has: for keychains of native shells (Keychain with biometry, Android Keystore).
 *
 * Given bytes instead of options, it is open until `lock()`, and never again after that: then make another one.
 *
 * @param options or a secret of at least 32 bytes, which is copied
 * @throws {TypeError | RangeError} if an option or the secret is wrong
 *
 * @example
 * const lock = secretLock({ getSecret: () => keychain.get('share-key') })
 */
export function secretLock(options: SecretLockOptions | Uint8Array): DeviceLock {
  if (isBytes(options)) return heldLock(options)
  const { getSecret } = options ?? {}
  if (typeof getSecret !== 'function') throw new TypeError('getSecret must be a function')
  return createLock(async (signal) => {
    const secret = await withCode('STORAGE_UNAVAILABLE', 'the secret of the lock could not be had', () =>
      getSecret({ signal }),
    )
    if (secret === undefined || secret === null) throw lockGone('the secret of the lock is gone')
    return checkGiven(secret)
  }, options)
}

function heldLock(given: Uint8Array): DeviceLock {
  const bytes = abytes(given, undefined, 'secret')
  if (bytes.length < SECRET_MIN_LENGTH) throw new RangeError(`secret must be at least ${SECRET_MIN_LENGTH} bytes`)
  let secret: Uint8Array | undefined = new Uint8Array(bytes)
  const copy = () => {
    if (secret !== undefined) return secret.slice()
    throw new MpcError('STORAGE_UNAVAILABLE', 'the lock was closed, and cannot ask for its secret', {
      retryable: false,
    })
  }
  return {
    unlock: async () => copy(),
    probe: async () => wipe(copy()),
    lock() {
      wipe(secret)
      secret = undefined
    },
    isOpen: () => secret !== undefined,
  }
}

function checkGiven(secret: Uint8Array): Uint8Array {
  try {
    const bytes = abytes(secret, undefined, 'secret')
    if (bytes.length >= SECRET_MIN_LENGTH) return bytes
    wipe(bytes)
  } catch {
    // Not bytes: the same error.
  }
  throw new MpcError('STORAGE_UNAVAILABLE', `getSecret must give at least ${SECRET_MIN_LENGTH} bytes`, {
    retryable: false,
  })
}
