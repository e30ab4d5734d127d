import { describe, expect, test } from 'vitest'
import { cloudKeyConformance } from '../../src/backup/conformance.ts'
import { memoryCloudKey, type CloudKeyStorage } from '../../src/backup/index.ts'

/** Breaks one promise of a storage that keeps it. */
type Break = (good: CloudKeyStorage) => Partial<CloudKeyStorage>

/** By the name of the check that must see it. */
const BROKEN: Record<string, Record<string, Break>> = {
  'has nothing under a fresh id': {
    'gives empty bytes for none': (good) => ({ read: async (id) => (await good.read(id)) ?? new Uint8Array(0) }),
    'fails where there is nothing': (good) => ({
      read: async (id) => {
        const bytes = await good.read(id)
        if (bytes === undefined) throw new Error('no such file')
        return bytes
      },
    }),
  },
  'gives back what was written, also through another handle': {
    'forgets what was read once': (good) => ({
      read: async (id) => {
        const bytes = await good.read(id)
        await good.delete(id)
        return bytes
      },
    }),
  },
  'copies what it is given and what it gives': {
    'keeps what it is given': () => {
      const keys = new Map<string, Uint8Array>()
      return { read: async (id) => keys.get(id)?.slice(), write: async (id, bytes) => void keys.set(id, bytes.slice()) }
    },
  },
  'never overwrites': {
    overwrites: (good) => ({
      write: async (id, bytes) => {
        await good.delete(id)
        await good.write(id, bytes)
      },
    }),
    'keeps the first and says nothing': (good) => ({
      write: (id, bytes) => good.write(id, bytes).catch(() => undefined),
    }),
    'has a code of its own for a conflict': (good) => ({
      write: (id, bytes) =>
        good.write(id, bytes).catch(() => {
          throw new Error('exists')
        }),
    }),
  },
  'lets exactly one of several writers win': {
    'looks first and writes later': (good) => {
      const late = new Map<string, Uint8Array>()
      return {
        read: async (id) => late.get(id),
        write: async (id, bytes) => {
          if (late.has(id)) await good.write(id, bytes).then(() => good.write(id, bytes))
          await Promise.resolve()
          late.set(id, new Uint8Array(bytes))
        },
      }
    },
  },
  'keeps any id apart from any other': {
    'looks at the first digits only': (good) => ({
      read: (id) => good.read(id.slice(0, 31)),
      write: (id, bytes) => good.write(id.slice(0, 31), bytes),
      delete: (id) => good.delete(id.slice(0, 31)),
    }),
  },
  'holds keys of any length that a method makes': {
    'cuts long ones off': (good) => ({ write: (id, bytes) => good.write(id, bytes.subarray(0, 1024)) }),
  },
  'deletes one key, and what is absent': {
    'keeps what was deleted': () => ({ delete: async () => {} }),
    'fails to delete what is absent': (good) => ({
      delete: async (id) => {
        if ((await good.read(id)) === undefined) throw new Error('no such file')
        await good.delete(id)
      },
    }),
  },
  'probes again and again, at the same time too, without touching a key': {
    'leaves its probe under one name': (good) => ({ probe: () => good.write('00'.repeat(16), new Uint8Array(1)) }),
  },
}

/** Opens storages in memory, each broken in the same way. */
function opening(breaks: Break): (place: string) => CloudKeyStorage {
  const places = new Map<string, CloudKeyStorage>()
  return (place) => {
    const good = memoryCloudKey()
    const storage = places.get(place) ?? { ...good, ...breaks(good) }
    places.set(place, storage)
    return storage
  }
}

describe('the cloud key conformance suite', () => {
  for (const [caughtBy, faults] of Object.entries(BROKEN)) {
    for (const [fault, breaks] of Object.entries(faults)) {
      test(`catches a storage that ${fault}`, async () => {
        const check = cloudKeyConformance(opening(breaks)).find(({ name }) => name === caughtBy)
        await expect(check?.run()).rejects.toThrow()
      })
    }
  }

  test('has no check that no fault fails', () => {
    expect(cloudKeyConformance(memoryCloudKey).map(({ name }) => name)).toEqual(Object.keys(BROKEN))
  })
})

describe('cloud in memory', () => {
  for (const { name, run } of cloudKeyConformance(opening(() => ({})))) test(name, run)
})
