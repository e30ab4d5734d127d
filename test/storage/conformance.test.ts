import { describe, expect, test } from 'vitest'
import { memoryStore, storeConformance, type ShareStore } from '../../src/storage/index.ts'

/** Stores that break one promise each, and the check that must see it. */
const BROKEN: Record<string, { caughtBy: RegExp; breaks: (good: ShareStore) => Partial<ShareStore> }> = {
  'overwrites on create': {
    caughtBy: /never creates over/,
    breaks: (good) => ({
      write: async (key, value, expected) =>
        good.write(key, value, expected ?? (await good.read(key))?.version ?? null),
    }),
  },
  'ignores the version': {
    caughtBy: /replaces the version/,
    breaks: (good) => ({
      write: async (key, value, expected) =>
        good.write(key, value, expected === null ? null : ((await good.read(key))?.version ?? null)),
    }),
  },
  'keeps what was deleted': { caughtBy: /deletes/, breaks: () => ({ delete: async () => {} }) },
  'lists everything': { caughtBy: /lists by prefix/, breaks: (good) => ({ list: () => good.list('') }) },
  'folds case': {
    caughtBy: /keeps any key apart/,
    breaks: (good) => ({ write: (key, value, expected) => good.write(key.toLowerCase(), value, expected) }),
  },
  'gives its own buffer': {
    caughtBy: /copies/,
    breaks: (good) => {
      const buffers = new Map<string, Uint8Array>()
      return {
        read: async (key) => {
          const stored = await good.read(key)
          if (stored === undefined) return undefined
          const value = buffers.get(key + stored.version) ?? stored.value
          buffers.set(key + stored.version, value)
          return { value, version: stored.version }
        },
      }
    },
  },
  'leaves its probe': {
    caughtBy: /probes without/,
    breaks: (good) => ({
      probe: async () => void (await good.write('probe', new Uint8Array(1), null).catch(() => '')),
    }),
  },
}

describe('the store conformance suite', () => {
  for (const [fault, { caughtBy, breaks }] of Object.entries(BROKEN)) {
    test(`catches a store that ${fault}`, async () => {
      const places = new Map<string, ShareStore>()
      const open = (place: string) => {
        const good = memoryStore()
        const store = places.get(place) ?? { ...good, ...breaks(good) }
        places.set(place, store)
        return store
      }
      const failed: string[] = []
      for (const { name, run } of storeConformance(open)) await run().catch(() => failed.push(name))
      expect(failed.join('\n')).toMatch(caughtBy)
    })
  }
})
