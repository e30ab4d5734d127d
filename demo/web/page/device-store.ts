import { indexedDbStore, type ShareStore } from 'reshare/storage'
import { createPasskey, lockedStore, passkeyLock, sealStore, type DeviceLock } from 'reshare/storage/lock'
import type { DeviceConfiguration } from '../configuration.ts'
import { keepLockIdentity, lockIdentity, storeName } from './device-store-names.ts'

/** Where this device keeps its shares, and the lock on it if there is one. */
export interface DeviceStore {
  readonly storage: ShareStore
  readonly lock: DeviceLock | undefined
}

/** Opens the store, sealed behind a passkey if the user has turned the lock on. */
export function openDeviceStore(configuration: DeviceConfiguration): DeviceStore {
  const storage = indexedDbStore(storeName(configuration))
  const identity = lockIdentity(configuration)
  if (identity === null) return { storage, lock: undefined }
  const lock = passkeyLock({ identity })
  return { storage: lockedStore(storage, lock), lock }
}

/** Makes a passkey, and seals what is stored behind it. The page has to be loaded again afterwards. */
export async function turnLockOn(configuration: DeviceConfiguration): Promise<void> {
  const identity = await createPasskey({ keyName: `Alice: lock of the ${configuration.device.toLowerCase()}` })
  await sealStore(indexedDbStore(storeName(configuration)), passkeyLock({ identity }))
  keepLockIdentity(configuration, identity)
}
