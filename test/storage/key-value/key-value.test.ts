import { afterEach, describe, expect, test, vi } from 'vitest'
import { storeConformance } from '../../../src/storage/conformance.ts'
import { keyValueStore, type KeyValueAdapter, type KeyValueStoreOptions } from '../../../src/storage/key-value.ts'
import { lockedStore } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { askedLock, secretOf } from '../lock/support/locks.ts'

const VALUE = utf8('a share that must not be seen')
const key = secretOf(1)

/** A storage as AsyncStorage is one: texts, and promises that resolve later. */
function asyncStorage(items = new Map<string, string>()): KeyValueAdapter & { readonly items: Map<string, string> } {
  const later = () => new Promise((resolve) => setTimeout(resolve))
  return {
    items,
    getItem: async (item) => (await later(), items.get(item) ?? null),
    setItem: async (item, text) => (await later(), void items.set(item, text)),
    removeItem: async (item) => (await later(), void items.delete(item)),
    getAllKeys: async () => (await later(), [...items.keys()]),
  }
}

/** A storage as MMKV is one: no promises, and `undefined` for what is absent. */
function mmkv(items = new Map<string, string>()): KeyValueAdapter {
  return {
    getItem: (item) => items.get(item),
    setItem: (item, text) => void items.set(item, text),
    removeItem: (item) => void items.delete(item),
    getAllKeys: () => [...items.keys()],
  }
}

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

  test('asks for its key at each use, and wipes what it gets', async () => {
    const given: Uint8Array[] = []
    const getKey = vi.fn(() => {
      given.push(key.slice())
      return given.at(-1)
    })
    const store = keyValueStore(asyncStorage(), { key: getKey })
    await store.list('')
    expect(await store.read('share/a')).toBeUndefined()
    expect(getKey).not.toHaveBeenCalled()
    await store.write('share/a', VALUE, null)
    await store.read('share/a')
    await store.probe()
    expect(given).toEqual([new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)])
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
    ['too short', () => new Uint8Array(31), { code: 'STORAGE_UNAVAILABLE', retryable: false }],
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
    [asyncStorage(), { key: new Uint8Array(31) }, RangeError],
    [asyncStorage(), { key, namespace: '' }, TypeError],
    [asyncStorage(), { key, namespace: 'a.b' }, TypeError],
    [asyncStorage(), { key, namespace: 7 }, TypeError],
  ])('of wrong arguments is refused at once (%#)', (adapter, options, error) => {
    expect(() => keyValueStore(adapter as KeyValueAdapter, options as never)).toThrow(error)
  })
})

describe('an adapter that', () => {
  const over = (changes: Partial<Record<keyof KeyValueAdapter, unknown>>) => {
    const { items, ...good } = asyncStorage()
    return { items, store: keyValueStore({ ...good, ...changes } as KeyValueAdapter, { key }) }
  }

  test.each<[string, Partial<Record<keyof KeyValueAdapter, unknown>>]>([
    [
      'rejects',
      {
        getItem: () => Promise.reject(new Error('io')),
        getAllKeys: () => Promise.reject(new Error('io')),
        removeItem: () => Promise.reject(new Error('io')),
      },
    ],
    [
      'throws',
      {
        getItem: () => {
          throw new TypeError('io')
        },
        getAllKeys: () => {
          throw new RangeError('io')
        },
        removeItem: () => {
          throw undefined as unknown as Error
        },
      },
    ],
  ])('%s is STORAGE_UNAVAILABLE, which may pass', async (_, changes) => {
    const { store } = over(changes)
    for (const call of [
      store.read('a'),
      store.write('a', VALUE, null),
      store.list(''),
      store.delete('a'),
      store.probe(),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    }
  })

  test.each([[7], [true], [{}], [new Uint8Array(3)]])('gives %o for a text is refused, finally', async (answer) => {
    const { store } = over({ getItem: async () => answer })
    for (const call of [store.read('a'), store.write('a', VALUE, null), store.probe()]) {
      await expect(call).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    }
  })

  test.each([[undefined], ['keys'], [{}], [[7]], [[undefined]]])(
    'gives %o for a list of keys is refused',
    async (answer) => {
      const { store } = over({ getAllKeys: async () => answer })
      await expect(store.list('')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    },
  )

  test.each([
    [''],
    ['text'],
    ['1.'],
    ['1.00.AA=='],
    [`2.${'0'.repeat(32)}.AA==`],
    [`1.${'0'.repeat(32)}.AA`],
    [`1.${'0'.repeat(32)}.AA==.`],
    [`1.${'0'.repeat(32)}`],
    [`1.${'0'.repeat(32)}.AA==`],
  ])('gives %o for an item is SHARE_PARSING_FAILED, and not overwritten', async (text) => {
    const { items, store } = over({})
    items.set('reshare.YQ', text)
    await expect(store.read('a')).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    await expect(store.write('a', VALUE, null)).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    expect(items.get('reshare.YQ')).toBe(text)
    expect(await store.list('')).toEqual(['a'])
    await store.delete('a')
    expect(items.size).toBe(0)
  })

  test.each([
    [new DOMException('no room', 'QuotaExceededError')],
    [new Error('database or disk is full (code 13 SQLITE_FULL)')],
    [Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })],
  ])('is full (%s) is STORAGE_FULL, and has changed nothing', async (error) => {
    const { store } = over({ setItem: () => Promise.reject(error) })
    await expect(store.write('a', VALUE, null)).rejects.toThrow(code('STORAGE_FULL'))
    await expect(store.probe()).rejects.toThrow(code('STORAGE_FULL'))
    expect(await store.read('a')).toBeUndefined()
  })

  test('says that it is full after it has stored the value is STORAGE_UNAVAILABLE', async () => {
    const items = new Map<string, string>()
    const adapter = {
      ...asyncStorage(items),
      setItem: (item: string, text: string) => {
        items.set(item, text)
        throw new Error('quota')
      },
    }
    const store = keyValueStore(adapter, { key })
    await expect(store.write('a', VALUE, null)).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    expect((await store.read('a'))?.value).toEqual(VALUE)
  })

  test('drops what it stores fails the probe', async () => {
    const { store } = over({ setItem: async () => {} })
    await expect(store.probe()).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
  })

  test('hangs at one item leaves the others', async () => {
    const items = new Map<string, string>()
    const good = asyncStorage(items)
    const setItem: KeyValueAdapter['setItem'] = (item, text) =>
      item === 'reshare.YQ' ? new Promise(() => {}) : good.setItem(item, text)
    const store = keyValueStore({ ...good, setItem }, { key })
    void store.write('a', VALUE, null)
    await store.write('b', VALUE, null)
    expect((await store.read('b'))?.value).toEqual(VALUE)
  })

  test('fails in the middle of several writers leaves one value, and the queue goes on', async () => {
    const items = new Map<string, string>()
    const good = asyncStorage(items)
    let failures = 2
    const setItem: KeyValueAdapter['setItem'] = (item, text) => {
      if (failures-- > 0) throw new Error('io')
      return good.setItem(item, text)
    }
    const store = keyValueStore({ ...good, setItem }, { key })
    const settled = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => store.write('a', new Uint8Array([i]), null)),
    )
    const codes = settled.map((outcome) =>
      outcome.status === 'fulfilled' ? 'ok' : (outcome.reason as { code: string }).code,
    )
    expect(codes).toEqual(['STORAGE_UNAVAILABLE', 'STORAGE_UNAVAILABLE', 'ok', 'STORAGE_CONFLICT', 'STORAGE_CONFLICT'])
    expect((await store.read('a'))?.value).toEqual(new Uint8Array([2]))
  })

  test('takes long to read holds a delete back until the write before it is done', async () => {
    const good = asyncStorage()
    const getItem: KeyValueAdapter['getItem'] = async (item) => {
      const text = await good.getItem(item)
      await new Promise((resolve) => setTimeout(resolve, 20))
      return text
    }
    const store = keyValueStore({ ...good, getItem }, { key })
    const version = await store.write('a', VALUE, null)
    const writing = store.write('a', VALUE, version)
    await vi.waitFor(() => expect(good.items.size).toBe(1))
    await new Promise((resolve) => setTimeout(resolve, 30))
    await Promise.all([writing, store.delete('a')])
    expect(await store.list('')).toEqual([])
  })
})
