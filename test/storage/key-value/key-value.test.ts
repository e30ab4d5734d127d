import { afterEach, describe, expect, test, vi } from 'vitest'
import { storeConformance } from '../../../src/storage/conformance.ts'
import { keyValueStore, type KeyValueAdapter, type KeyValueStoreOptions } from '../../../src/storage/key-value.ts'
import { lockedStore } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { askedLock, secretOf } from '../lock/support/locks.ts'
import { asyncStorage, mmkv } from './support/adapters.ts'

const VALUE = utf8('a share that must not be seen')
const key = secretOf(1)

/** Flips a bit of the last byte that is stored. */
function damage(items: Map<string, string>, at = -5): void {
  const [item, text] = [...items].at(-1)
  const index = text.length + at
  items.set(item, text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1))
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe.each([
  ['promises', asyncStorage],
  ['no promises', mmkv],
])('a store over an adapter with %s keeps the contract of every store', (_, makeAdapter) => {
  const places = new Map<string, Map<string, string>>()
  const adapters = new Map<string, KeyValueAdapter>()
  const open = (place: string) => {
    const items = places.get(place) ?? new Map<string, string>()
    places.set(place, items)
    adapters.set(place, adapters.get(place) ?? makeAdapter(items))
    return keyValueStore(adapters.get(place)!, { key })
  }
  const damageOf = async (place: string, name: string) => {
    const items = places.get(place)!
    const item = `reshare.${btoa(name).replace(/=/g, '')}`
    const text = items.get(item)!
    items.delete(item)
    items.set(item, text)
    damage(items)
  }
  for (const { name, run } of storeConformance(open, damageOf)) test(name, run)
})

describe('a key-value store', () => {
  test('needs no WebCrypto but random bytes', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    const store = keyValueStore(asyncStorage(), { key })
    await store.write('share/a', VALUE, null)
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
  })

  test('stores nothing readable, under names of few characters', async () => {
    const { items, ...adapter } = asyncStorage()
    const store = keyValueStore(adapter, { key, namespace: 'my-app' })
    await store.write('wallet/ключ 🔑\0', VALUE, null)
    const [[item, text]] = [...items] as [[string, string]]
    expect(item).toMatch(/^my-app\.[A-Za-z0-9_-]+$/)
    expect(text).toMatch(/^1\.[0-9a-f]{32}\.[A-Za-z0-9+/=]+$/)
    expect(atob(text.split('.')[2]!)).not.toContain('a share')
  })

  test('asks for its key at each use, and leaves what it gets as it is', async () => {
    const given = key.slice()
    const getKey = vi.fn(() => given)
    const store = keyValueStore(asyncStorage(), { key: getKey })
    await store.list('')
    expect(await store.read('share/a')).toBeUndefined()
    expect(getKey).not.toHaveBeenCalled()
    await store.write('share/a', VALUE, null)
    await store.read('share/a')
    await store.probe()
    expect(getKey).toHaveBeenCalledTimes(3)
    expect(given).toEqual(key)
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
  })

  test('copies a key that is given as bytes', async () => {
    const given = key.slice()
    const adapter = asyncStorage()
    const store = keyValueStore(adapter, { key: given })
    given.fill(0)
    await store.write('share/a', VALUE, null)
    expect((await keyValueStore(adapter, { key }).read('share/a'))?.value).toEqual(VALUE)
  })

  test('with another key finds nothing and overwrites nothing', async () => {
    const adapter = asyncStorage()
    await keyValueStore(adapter, { key }).write('device-key', VALUE, null)
    const other = keyValueStore(adapter, { key: secretOf(2) })
    await expect(other.read('device-key')).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
    await other.write('device-key', utf8('new'), null)
    expect((await other.read('device-key'))?.value).toEqual(utf8('new'))
    expect((await keyValueStore(adapter, { key }).read('device-key'))?.value).toEqual(VALUE)
  })

  test.each<[string, KeyValueStoreOptions['key'], object]>([
    ['gone', () => null, { code: 'SHARE_NOT_FOUND', retryable: false }],
    ['refused', () => Promise.reject(new Error('locked')), { code: 'STORAGE_UNAVAILABLE', retryable: true }],
    ['zeros', () => new Uint8Array(32), { code: 'STORAGE_UNAVAILABLE', retryable: false }],
    ['too short', () => key.slice(1), { code: 'STORAGE_UNAVAILABLE', retryable: false }],
    ['text', () => 'x'.repeat(32) as never, { code: 'STORAGE_UNAVAILABLE', retryable: false }],
  ])('whose key is %s stores nothing', async (_, wrong, error) => {
    const adapter = asyncStorage()
    const store = keyValueStore(adapter, { key: wrong })
    await expect(store.write('share/a', VALUE, null)).rejects.toMatchObject(error)
    await expect(store.probe()).rejects.toMatchObject(error)
    expect(adapter.items.size).toBe(0)
  })

  test('leaves the items of others alone, also under names like its own', async () => {
    const others = [
      'other',
      'reshare',
      'reshare.',
      'reshare.!',
      'reshare.YQ==',
      'reshare.YR',
      'reshare..probe',
      'reshare.b.YQ',
      'reshare._w',
    ]
    const { items, ...adapter } = asyncStorage(new Map(others.map((item) => [item, 'text'])))
    const [store, apart] = [keyValueStore(adapter, { key }), keyValueStore(adapter, { key, namespace: 'apart' })]
    await store.write('a', VALUE, null)
    await apart.write('b', VALUE, null)
    expect([await store.list(''), await apart.list('')]).toEqual([['a'], ['b']])
    await store.delete('a')
    await store.probe()
    expect([...items.keys()]).toEqual([...others, 'apart.Yg'])
  })

  test('opens nothing of another namespace of the same key', async () => {
    const { items, ...adapter } = asyncStorage()
    const [ann, bob] = ['ann', 'bob'].map((namespace) => keyValueStore(adapter, { key, namespace }))
    await bob!.write('device-key', VALUE, null)
    const [[item, text]] = [...items] as [[string, string]]
    items.set(item.replace('bob.', 'ann.'), text)
    await expect(ann!.read('device-key')).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })
    expect((await bob!.read('device-key'))?.value).toEqual(VALUE)
  })

  test('takes a lock around it', async () => {
    const adapter = asyncStorage()
    const asked = askedLock(secretOf(2))
    const store = lockedStore(keyValueStore(adapter, { key }), asked.lock)
    await store.write('share/a', VALUE, null)
    asked.lock.lock()
    expect((await store.read('share/a'))?.value).toEqual(VALUE)
    expect(asked.prompts).toBe(2)
  })

  test.each<[unknown, unknown, unknown]>([
    [{}, { key }, TypeError],
    [asyncStorage(), undefined, TypeError],
    [asyncStorage(), { key: 'x'.repeat(32) }, TypeError],
    [asyncStorage(), { key: key.slice(1) }, RangeError],
    [asyncStorage(), { key: new Uint8Array(32) }, RangeError],
    [asyncStorage(), { key, namespace: '' }, TypeError],
    [asyncStorage(), { key, namespace: 'a.b' }, TypeError],
    [asyncStorage(), { key, namespace: 7 }, TypeError],
  ])('of wrong arguments is refused at once (%#)', (adapter, options, error) => {
    expect(() => keyValueStore(adapter as KeyValueAdapter, options as never)).toThrow(error)
  })
})
