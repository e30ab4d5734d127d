import { assertMethods } from '../../util/arguments.ts'
import { sealedStore } from '../sealed/sealed-store.ts'
import type { ShareStore } from '../types.ts'
import { lockKeyring } from './lock-keyring.ts'
import type { DeviceLock } from './types.ts'

/**
 * A share store whose secrets only a lock opens: shares, ECDSA setups and the device key are sealed under a key that is
 * itself sealed under what the lock gives. What wallets there are, with their public keys, can be read while it is locked.
 *
 * `delete`, `list`, and reading an absent key ask nobody. Everything else that concerns a secret opens the lock.
 *
 * With another lock, what was sealed before is SHARE_NOT_FOUND: recover the wallets. Nothing of it is overwritten, and with
 * the first lock it opens again. A store with values from before the lock must go through {@link sealStore} first.
 *
 * @param store any share store that is not locked itself
 * @throws {TypeError} if an argument is wrong
 *
 * @example
 * const storage = lockedStore(indexedDbStore('my-app'), passkeyLock({ identity }))
 */
export function lockedStore(store: ShareStore, lock: DeviceLock): ShareStore {
  checkStore(store)
  checkLock(lock, 'lock')
  return sealedStore(store, lockKeyring(store, lock))
}

export function checkStore(store: ShareStore): void {
  assertMethods(store, ['probe', 'read', 'write', 'delete', 'list'], 'store')
}

export function checkLock(lock: DeviceLock, name: string): void {
  assertMethods(lock, ['unlock', 'lock', 'isOpen', 'probe'], name)
}
