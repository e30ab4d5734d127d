export { indexedDbStore } from './indexed-db.ts'
export { memoryStore } from './memory.ts'
export type { ShareStore, StoredValue } from './types.ts'
