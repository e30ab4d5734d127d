import { wipe } from '../util/bytes.ts'
import { checkKey, checkPrefix, checkWrite } from './arguments.ts'
import { conflict } from './failures.ts'
import type { ShareStore, StoredValue } from './types.ts'

/**
 * A share store in memory, for tests, and for servers that hold a share for one request. It is lost when the process ends.
 *
 * @example
 * const storage = memoryStore()
 */
export function memoryStore(): ShareStore {
  const entries = new Map<string, StoredValue>()
  let writes = 0
  return {
    async probe() {},

    async read(key) {
      checkKey(key)
      const entry = entries.get(key)
      return entry && { value: entry.value.slice(), version: entry.version }
    },

    async write(key, given, expectedVersion) {
      const value = checkWrite(key, given, expectedVersion)
      const replaced = entries.get(key)
      if ((replaced?.version ?? null) !== expectedVersion) throw conflict()
      const version = String(++writes)
      // Not `slice`: for a Buffer of Node.js it returns a view.
      entries.set(key, { value: new Uint8Array(value), version })
      wipe(replaced?.value)
      return version
    },

    async delete(key) {
      checkKey(key)
      wipe(entries.get(key)?.value)
      entries.delete(key)
    },

    async list(prefix) {
      checkPrefix(prefix)
      return [...entries.keys()].filter((key) => key.startsWith(prefix)).sort()
    },
  }
}
