import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../../src/storage/index.ts'
import { lockedStore, secretLock, type DeviceLock } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { contents, secretOf } from './support/locks.ts'

const VALUE = utf8('a share that must not be seen')

/** A lock of the app's own that gives its one array each time. */
function careless(secret: Uint8Array): DeviceLock {
  return { unlock: async () => secret, lock: () => {}, isOpen: () => true, probe: async () => {} }
}

describe('an array that is given again', () => {
  test('by getSecret opens again, and is left as it is', async () => {
    const [inner, cached] = [memoryStore(), secretOf(1)]
    const lock = secretLock({ getSecret: () => cached })
    const store = lockedStore(inner, lock)
    await store.write('share/a', VALUE, null)
    lock.lock()
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
    lock.lock()
    await store.write('share/b', VALUE, null)
    expect(cached).toEqual(secretOf(1))
    expect([...(await contents(inner)).keys()]).toEqual(['reshare-lock/0', 'share/a', 'share/b'])
  })

  test('by a lock of the app opens again, and is left as it is', async () => {
    const [inner, cached] = [memoryStore(), secretOf(1)]
    const store = lockedStore(inner, careless(cached))
    await store.write('share/a', VALUE, null)
    await store.write('share/b', VALUE, null)
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
    expect(cached).toEqual(secretOf(1))
    expect([...(await contents(inner)).keys()]).toEqual(['reshare-lock/0', 'share/a', 'share/b'])
  })
})
