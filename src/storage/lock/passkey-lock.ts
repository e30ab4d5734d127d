import { utf8 } from '../../util/bytes.ts'
import { decodeIdentity } from '../../webauthn/identity.ts'
import { askPasskey, type EvaluatePrf } from '../../webauthn/prf.ts'
import { createLock, type OpenOptions } from './device-lock.ts'
import type { DeviceLock } from './types.ts'
import { assertObject } from '../../util/arguments.ts'

/** The PRF's input. Backups have others, so that one passkey may serve both. */
const INPUT = utf8('reshare/v1/device-lock/prf')

/** Options of {@link passkeyLock}. */
export interface PasskeyLockOptions extends OpenOptions {
  /** What `createPasskey` gave. Without it the user chooses among the domain's passkeys, and may choose another one. */
  readonly identity?: string
  /** The domain, where there is no identity. Default: the page's own. */
  readonly rpId?: string
  /** Asks for the passkey in the place of the browser, such as a native module of React Native. */
  readonly evaluatePrf?: EvaluatePrf
}

/**
 * A lock that a passkey opens (WebAuthn with the PRF extension), with the user's fingerprint, face or PIN.
 *
 * A refused prompt is STORAGE_UNAVAILABLE, and so is a passkey that was removed: a browser does not say which. An app offers
 * both, to try again and to recover.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 *
 * @example
 * const identity = await createPasskey({ keyName: 'my wallet' }) // once; not secret
 * const storage = lockedStore(indexedDbStore('my-app'), passkeyLock({ identity }))
 */
export function passkeyLock(options: PasskeyLockOptions = {}): DeviceLock {
  const { identity, rpId, evaluatePrf } = assertObject(options, 'passkeyLock')
  if (rpId !== undefined && typeof rpId !== 'string') throw new TypeError('rpId must be a domain')
  if (evaluatePrf !== undefined && typeof evaluatePrf !== 'function') {
    throw new TypeError('evaluatePrf must be a function')
  }
  const credential = identity === undefined ? rpId !== undefined && { rpId } : decodeIdentity(identity)
  return createLock(async (signal) => {
    const { first } = await askPasskey({ first: INPUT.slice(), ...credential, signal }, evaluatePrf)
    return first
  }, options)
}
