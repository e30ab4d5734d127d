import { describe, expect, test } from 'vitest'
import { storeConformance } from '../../src/storage/conformance.ts'
import { MpcError } from '../../src/errors.ts'
import { memoryStore, type ShareStore, type StoredValue } from '../../src/storage/index.ts'

/** Breaks one promise of a store that keeps it. */
type Break = (good: ShareStore) => Partial<ShareStore>

/** By the name of the check that must see it. */
const BROKEN: Record<string, Record<string, Break>> = {
  'has nothing at first': {
    'gives an empty value for an absent key': (good) => ({
      read: async (key) => (await good.read(key)) ?? { value: new Uint8Array(0), version: 'none' },
    }),
  },
  'gives back what was created, also through another handle': {
    'gives another version than it gave the writer': (good) => ({
      write: async (...write) => `${await good.write(...write)}!`,
    }),
  },
  'copies what it is given and what it gives': {
    'gives its own buffer': (good) => {
      const given = new Map<string, StoredValue>()
      return {
        read: async (key) => {
          const stored = await good.read(key)
          if (stored === undefined) return undefined
          const first = given.get(key + stored.version) ?? stored
          given.set(key + stored.version, first)
          return first
        },
      }
    },
    'copies with slice': (good) => {
      const kept = new Map<string, Uint8Array>()
      return {
        write: async (key, value, expected) => {
          const version = await good.write(key, value, expected)
          kept.set(key + version, value.slice())
          return version
        },
        read: async (key) => {
          const stored = await good.read(key)
          return stored && { ...stored, value: new Uint8Array(kept.get(key + stored.version) ?? stored.value) }
        },
      }
    },
  },
  'never creates over an existing key': {
    'overwrites on create': (good) => ({
      write: async (key, value, expected) => good.write(key, value, expected ?? (await versionOf(good, key))),
    }),
  },
  'replaces the version that is named, and no other': {
    'ignores the version': (good) => ({
      write: async (key, value, expected) =>
        good.write(key, value, expected === null ? null : await versionOf(good, key)),
    }),
    'has a code of its own for a conflict': (good) => ({
      write: (...write) =>
        good.write(...write).catch((error: { code?: string }) => {
          throw error.code === 'STORAGE_CONFLICT' ? new Error('conflict') : error
        }),
    }),
  },
  'gives the same bytes a new version': {
    'names a version by the bytes': (good) => ({
      read: async (key) => {
        const stored = await good.read(key)
        return stored && { value: stored.value, version: String(stored.value) }
      },
      write: async (key, value, expected) => {
        const stored = await good.read(key)
        const fits = expected === (stored ? String(stored.value) : null)
        await good.write(key, value, fits ? (stored?.version ?? null) : 'another')
        return String(value)
      },
    }),
  },
  'deletes, also what is absent, and forgets the versions from before': {
    'keeps what was deleted': () => ({ delete: async () => {} }),
    'fails to delete what is absent': (good) => ({
      delete: async (key) => {
        if ((await good.read(key)) === undefined) throw new Error('no such key')
        await good.delete(key)
      },
    }),
    'counts versions from the start again': () => {
      const entries = new Map<string, StoredValue>()
      return {
        ...memoryStore(),
        read: async (key) => entries.get(key),
        list: async () => [...entries.keys()],
        delete: async (key) => void entries.delete(key),
        write: async (key, value, expected) => {
          const current = entries.get(key)?.version ?? null
          if (current !== expected) return memoryStore().write(key, value, 'another')
          const version = String(Number(current ?? 0) + 1)
          entries.set(key, { value: new Uint8Array(value), version })
          return version
        },
      }
    },
  },
  'lists by prefix, sorted': {
    'lists everything': (good) => ({ list: () => good.list('') }),
    'lists as it likes': (good) => ({ list: async (prefix) => (await good.list(prefix)).reverse() }),
  },
  'keeps any key apart from any other': {
    'folds case': (good) => ({
      read: (key) => good.read(key.toLowerCase()),
      write: (key, value, expected) => good.write(key.toLowerCase(), value, expected),
    }),
    'cuts long keys off': (good) => ({
      read: (key) => good.read(key.slice(0, 255)),
      write: (key, value, expected) => good.write(key.slice(0, 255), value, expected),
    }),
  },
  'holds empty and large values': {
    'cuts large values off': (good) => ({
      write: (key, value, expected) => good.write(key, value.subarray(0, 65536), expected),
    }),
    'takes an empty value for none': (good) => ({
      read: async (key) => {
        const stored = await good.read(key)
        return stored?.value.length === 0 ? undefined : stored
      },
    }),
  },
  'lets exactly one of several writers create, and one replace': {
    'looks first and writes later': (good) => {
      const late = new Map<string, StoredValue>()
      let writes = 0
      return {
        read: async (key) => late.get(key),
        write: async (key, value, expected) => {
          if ((late.get(key)?.version ?? null) !== expected) return good.write(key, value, 'another')
          await Promise.resolve()
          const version = String(writes++)
          late.set(key, { value: new Uint8Array(value), version })
          return version
        },
      }
    },
  },
  'refuses wrong arguments and changes nothing': {
    'takes any key': (good) => ({
      read: (key) => good.read(`k${key}`.slice(0, 256)),
      write: (key, value, expected) => good.write(`k${key}`.slice(0, 256), value, expected),
      delete: (key) => good.delete(`k${key}`.slice(0, 256)),
    }),
    'creates without being told to': (good) => ({
      write: (key, value, expected) => good.write(key, value, expected ?? null),
    }),
  },
  'probes without leaving anything behind': {
    'leaves its probe': (good) => ({
      probe: async () => void (await good.write('probe', new Uint8Array(1), null).catch(() => '')),
    }),
    'probes by a key of the user': (good) => ({
      probe: async () => {
        await good.delete('a')
        await good.write('a', new Uint8Array(1), null)
      },
    }),
  },
}

/** What a store must not make of damage, by the name of the check that must see it. */
const BROKEN_BY_DAMAGE: Record<string, Record<string, Break>> = {
  'keeps damage to the key that has it': {
    'takes what is damaged for absent': (good) => ({ read: (key) => good.read(key).catch(() => undefined) }),
    'lists nothing once a value is damaged': (good) => ({
      list: async (prefix) => {
        const keys = await good.list(prefix)
        for (const key of keys) await good.read(key)
        return keys
      },
    }),
    'leaves out what is damaged': (good) => ({
      list: async (prefix) => {
        const keys = await good.list(prefix)
        const read = await Promise.allSettled(keys.map((key) => good.read(key)))
        return keys.filter((_, i) => read[i]?.status === 'fulfilled')
      },
    }),
  },
  'takes no damaged value for an absent one, and deletes it when told to': {
    'creates over it': (good) => ({
      write: async (key, value, expected) => {
        const whole = await good.read(key).then(
          () => true,
          () => false,
        )
        if (!whole) await good.delete(key)
        return good.write(key, value, whole ? expected : null)
      },
    }),
    'does not delete it': (good) => ({
      delete: async (key) => {
        await good.read(key)
        await good.delete(key)
      },
    }),
  },
}

/** A memory store whose values can be damaged. */
function fragile(): { readonly store: ShareStore; damage(key: string): void } {
  const good = memoryStore()
  const damaged = new Set<string>()
  const store: ShareStore = {
    ...good,
    read: async (key) => {
      if (damaged.has(key)) throw new MpcError('SHARE_PARSING_FAILED', 'damaged')
      return good.read(key)
    },
    write: async (key, value, expected) => {
      if (damaged.has(key)) throw new MpcError('SHARE_PARSING_FAILED', 'damaged')
      return good.write(key, value, expected)
    },
    delete: async (key) => {
      damaged.delete(key)
      await good.delete(key)
    },
  }
  return { store, damage: (key) => void damaged.add(key) }
}

/** Opens fragile stores, each broken in the same way, and damages them. */
function openingFragile(breaks: Break) {
  const places = new Map<string, ReturnType<typeof fragile>>()
  const at = (place: string) => {
    const one = places.get(place) ?? fragile()
    places.set(place, one)
    return one
  }
  return {
    open: (place: string): ShareStore => {
      const { store } = at(place)
      return { ...store, ...breaks(store) }
    },
    damage: async (place: string, key: string) => at(place).damage(key),
  }
}

async function versionOf(store: ShareStore, key: string): Promise<string | null> {
  return (await store.read(key))?.version ?? null
}

/** Opens memory stores, each broken in the same way. */
function opening(breaks: Break): (place: string) => ShareStore {
  const places = new Map<string, ShareStore>()
  return (place) => {
    const good = memoryStore()
    const store = places.get(place) ?? { ...good, ...breaks(good) }
    places.set(place, store)
    return store
  }
}

describe('the store conformance suite', () => {
  for (const [caughtBy, faults] of Object.entries(BROKEN)) {
    for (const [fault, breaks] of Object.entries(faults)) {
      test(`catches a store that ${fault}`, async () => {
        const check = storeConformance(opening(breaks)).find(({ name }) => name === caughtBy)
        await expect(check?.run()).rejects.toThrow()
      })
    }
  }

  for (const [caughtBy, faults] of Object.entries(BROKEN_BY_DAMAGE)) {
    for (const [fault, breaks] of Object.entries(faults)) {
      test(`catches a store that ${fault}`, async () => {
        const { open, damage } = openingFragile(breaks)
        const check = storeConformance(open, damage).find(({ name }) => name === caughtBy)
        await expect(check?.run()).rejects.toThrow()
      })
    }
  }

  test('has no check that no fault fails', () => {
    expect(storeConformance(memoryStore).map(({ name }) => name)).toEqual(Object.keys(BROKEN))
    const names = [...Object.keys(BROKEN), ...Object.keys(BROKEN_BY_DAMAGE)]
    expect(storeConformance(memoryStore, async () => {}).map(({ name }) => name)).toEqual(names)
  })

  test('passes a store that keeps its promises', async () => {
    for (const { run } of storeConformance(opening(() => ({})))) await run()
    const { open, damage } = openingFragile(() => ({}))
    for (const { run } of storeConformance(open, damage)) await run()
  })
})
