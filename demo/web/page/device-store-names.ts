import type { DeviceConfiguration } from '../configuration.ts'

/** The name of this device's IndexedDB: another one at each start of the demo, and after this device was emptied. */
export function storeName(configuration: DeviceConfiguration): string {
  return `reshare ${configuration.run} ${generation(configuration)}`
}

/** The passkey that locks the store, not secret; null if it has no lock. */
export const lockIdentity = (configuration: DeviceConfiguration) => localStorage.getItem(lockKey(configuration))

export function keepLockIdentity(configuration: DeviceConfiguration, identity: string): void {
  localStorage.setItem(lockKey(configuration), identity)
}

/** Forgets everything that this device stores, its device key too: to the server it is a new device afterwards. */
export function emptyDevice(configuration: DeviceConfiguration): void {
  const old = storeName(configuration)
  localStorage.setItem(generationKey(configuration), String(generation(configuration) + 1))
  // The open page still holds it; it goes when that is left.
  indexedDB.deleteDatabase(old)
}

function generation(configuration: DeviceConfiguration): number {
  return Number(localStorage.getItem(generationKey(configuration)) ?? 0)
}

const generationKey = ({ run }: DeviceConfiguration) => `generation ${run}`
const lockKey = (configuration: DeviceConfiguration) => `lock of ${storeName(configuration)}`
