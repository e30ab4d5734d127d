import { memoryStore, type ShareStore } from 'reshare/storage'

const stores = new Map<string, ShareStore>()

/** The module of the reader's own that docs/conformance.md imports. */
export function keychainStore(name: string): ShareStore {
  const store = stores.get(name) ?? memoryStore()
  stores.set(name, store)
  return store
}
