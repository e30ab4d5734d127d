import { afterEach, describe, expect, test, vi } from 'vitest'
import { keyValueStore, type KeyValueAdapter } from '../../../src/storage/key-value.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { secretOf } from '../lock/support/locks.ts'
import { asyncStorage } from './support/adapters.ts'

const VALUE = utf8('a share that must not be seen')
const key = secretOf(1)

afterEach(() => {
  vi.restoreAllMocks()
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

  test('gives a text of more than 4,194,304 characters is SHARE_PARSING_FAILED, before it is decoded', async () => {
    const start = `1.${'0'.repeat(32)}.`
    const decode = vi.spyOn(globalThis, 'atob')
    const { items, store } = over({})
    items.set('reshare.YQ', start + 'A'.repeat(2 ** 22 - 32))
    for (const call of [store.read('a'), store.write('a', VALUE, null)]) {
      await expect(call).rejects.toThrow(code('SHARE_PARSING_FAILED'))
    }
    expect(decode).not.toHaveBeenCalled()
    await store.delete('a')
    expect(items.size).toBe(0)
  })

  test('would get such a text stores nothing', async () => {
    const { items, store } = over({})
    await expect(store.write('a', new Uint8Array(3 * 2 ** 20), null)).rejects.toThrow(RangeError)
    expect(items.size).toBe(0)
  })

  test('gives a key twice is listed once', async () => {
    const { store } = over({ getAllKeys: () => ['reshare.YQ', 'reshare.Yg', 'reshare.YQ'] })
    expect(await store.list('')).toEqual(['a', 'b'])
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
    let reads = 0
    const getItem: KeyValueAdapter['getItem'] = async (item) => {
      reads++
      const text = await good.getItem(item)
      await new Promise((resolve) => setTimeout(resolve, 20))
      return text
    }
    const store = keyValueStore({ ...good, getItem }, { key })
    const version = await store.write('a', VALUE, null)
    reads = 0
    const writing = store.write('a', VALUE, version)
    // It reads once to open what there is, and once as it compares and sets.
    await vi.waitFor(() => expect(reads).toBe(2))
    await Promise.all([writing, store.delete('a')])
    expect(await store.list('')).toEqual([])
  })
})
