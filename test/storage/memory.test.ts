import { describe, test } from 'vitest'
import { storeConformance } from '../../src/storage/conformance.ts'
import { memoryStore, type ShareStore } from '../../src/storage/index.ts'

describe('memory store', () => {
  const places = new Map<string, ShareStore>()
  const open = (place: string) => {
    const store = places.get(place) ?? memoryStore()
    places.set(place, store)
    return store
  }
  for (const { name, run } of storeConformance(open)) test(name, run)
})
