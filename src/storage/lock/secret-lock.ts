import { MpcError } from '../../errors.ts'
import { isBytes, wipe } from '../../util/bytes.ts'
import { askSecret, copySecret, type GetSecret } from '../sealed/secret.ts'
import { createLock, givingCopies, type OpenOptions } from './device-lock.ts'
import type { DeviceLock } from './types.ts'

/** Options of {@link secretLock}. */
export interface SecretLockOptions extends OpenOptions {
  /**
   * Gives the secret, at least 32 random bytes, such as from a keychain that asks the user for a fingerprint. It is called
   * once for each opening. It is copied. Bytes that are all the
   * same are refused. `undefined` or `null` says that the secret is gone.
   *
   * What it throws is STORAGE_UNAVAILABLE, and may be tried again.
   */
  readonly getSecret: GetSecret
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
  return createLock((signal) => askSecret(getSecret, signal, 'the secret of the lock'), options)
}

function heldLock(given: Uint8Array): DeviceLock {
  let secret: Uint8Array | undefined = copySecret(given, 'secret')
  const copy = () => {
    if (secret !== undefined) return secret.slice()
    throw new MpcError('STORAGE_UNAVAILABLE', 'the lock was closed, and cannot ask for its secret', {
      retryable: false,
    })
  }
  return givingCopies({
    unlock: async () => copy(),
    probe: async () => wipe(copy()),
    lock() {
      wipe(secret)
      secret = undefined
    },
    isOpen: () => secret !== undefined,
  })
}
