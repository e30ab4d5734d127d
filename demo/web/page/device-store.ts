import { indexedDbStore, type ShareStore } from 'reshare/storage'
import { createPasskey, lockedStore, passkeyLock, sealStore, type DeviceLock } from 'reshare/storage/lock'
import type { DeviceConfiguration } from '../configuration.ts'

/** Where this device keeps its shares, and the lock on it if there is one. */
export interface DeviceStore {
  readonly storage: ShareStore
  readonly lock: DeviceLock | undefined
}

/** Opens the store, sealed behind a passkey if the user has turned the lock on. */
export function openDeviceStore(configuration: DeviceConfiguration): DeviceStore {
  const storage = indexedDbStore(storeName(configuration))
  const identity = localStorage.getItem(lockKey(configuration))
  if (identity === null) return { storage, lock: undefined }
  const lock = passkeyLock({ identity })
  return { storage: lockedStore(storage, lock), lock }
}

/** Makes a passkey, and seals what is stored behind it. The page has to be loaded again afterwards. */
export async function turnLockOn(configuration: DeviceConfiguration): Promise<void> {
  const identity = await createPasskey({ keyName: `Alice: lock of the ${configuration.device.toLowerCase()}` })
  await sealStore(indexedDbStore(storeName(configuration)), passkeyLock({ identity }))
  localStorage.setItem(lockKey(configuration), identity)
}

/** Forgets everything that this device stores, its device key too: to the server it is a new device afterwards. */
export function emptyDevice(configuration: DeviceConfiguration): void {
  const old = storeName(configuration)
  localStorage.setItem(generationKey(configuration), String(generation(configuration) + 1))
  // The open page still holds it; it goes when that is left.
  indexedDB.deleteDatabase(old)
}

/** Another one at each start of the demo, and after this device was emptied. */
function storeName(configuration: DeviceConfiguration): string {
  return `reshare ${configuration.run} ${generation(configuration)}`
}

function generation(configuration: DeviceConfiguration): number {
  return Number(localStorage.getItem(generationKey(configuration)) ?? 0)
}

const generationKey = ({ run }: DeviceConfiguration) => `generation ${run}`
const lockKey = (configuration: DeviceConfiguration) => `lock of ${storeName(configuration)}`
