import type { DeviceConfiguration } from '../configuration.ts'

/** The name of this device's IndexedDB: another one at each start of the demo, and after this device was emptied. */
export function storeName({ run }: DeviceConfiguration): string {
  return `reshare ${run} ${generation(run)}`
}

/** Forgets everything that this device stores, its device key too: to the server it is a new device afterwards. */
export function emptyDevice(configuration: DeviceConfiguration): void {
  const old = storeName(configuration)
  localStorage.setItem(key(configuration.run), String(generation(configuration.run) + 1))
  // The open page still holds it; it goes when that is left.
  indexedDB.deleteDatabase(old)
}

const key = (run: string) => `generation ${run}`

function generation(run: string): number {
  return Number(localStorage.getItem(key(run)) ?? 0)
}
