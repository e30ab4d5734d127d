export { indexedDbStore } from './indexed-db.ts'
export type { PersistOptions } from './persist.ts'
export { memoryStore } from './memory.ts'
export type { ShareStore, StoreCallOptions, StoredValue } from './types.ts'
