import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { indexedDbStore, type ShareStore } from '../../src/storage/index.ts'

// By a name that the bundler of the browser tests does not follow: there the real one is used.
const substitute = 'fake-indexeddb/auto'
if (typeof indexedDB === 'undefined') await import(/* @vite-ignore */ substitute)

const OLD = new Uint8Array(500).fill(1)
const NEW = new Uint8Array(700).fill(2)

let name = ''
let version = ''
beforeEach(async () => {
  name = `reshare-faults-${crypto.randomUUID()}`
  version = await indexedDbStore(name).write('a', OLD, null)
  return () => void indexedDB.deleteDatabase(name)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Through a new handle, as after a reload. */
async function holdsOld(): Promise<void> {
  expect(await indexedDbStore(name).read('a')).toEqual({ value: OLD, version })
  expect(await indexedDbStore(name).list('')).toEqual(['a'])
}

/** Changes the database behind the store's back. */
async function change(work: (store: IDBObjectStore) => void, storeName = 'values'): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
  const transaction = database.transaction(storeName, 'readwrite')
  work(transaction.objectStore(storeName))
  await new Promise((resolve) => (transaction.oncomplete = resolve))
  database.close()
}

const row = () =>
  new Promise<Record<string, unknown>>((resolve) => {
    void change((values) => {
      const request = values.get('a')
      request.onsuccess = () => resolve(request.result as Record<string, unknown>)
    })
  })

const CODES: Record<string, string> = {
  QuotaExceededError: 'STORAGE_FULL',
  UnknownError: 'STORAGE_UNAVAILABLE',
  InvalidStateError: 'STORAGE_UNAVAILABLE',
  AbortError: 'STORAGE_UNAVAILABLE',
}

const WRITES = {
  replace: () => indexedDbStore(name).write('a', NEW, version),
  create: () => indexedDbStore(name).write('b', NEW, null),
  delete: () => indexedDbStore(name).delete('a'),
  probe: () => indexedDbStore(name).probe(),
}

describe.each(Object.entries(CODES))('IndexedDB with %s is %s', (reason, code) => {
  test.each(['get', 'put', 'delete', 'getAllKeys'] as const)('where %s throws', async (method) => {
    const work = {
      get: WRITES.replace,
      put: WRITES.create,
      delete: WRITES.delete,
      getAllKeys: () => indexedDbStore(name).list(''),
    }
    const spy = vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(() => {
      throw new DOMException('it fails', reason)
    })
    await expect(work[method]()).rejects.toMatchObject({ code, retryable: code === 'STORAGE_UNAVAILABLE' })
    expect(spy).toHaveBeenCalled()
    spy.mockRestore()
    await holdsOld()
  })

  // Most browsers say only when the transaction ends that there was no room.
  test.each(Object.entries(WRITES))('where the transaction of %s ends with it', async (call, run) => {
    const { put, delete: remove } = IDBObjectStore.prototype
    const endedWith = (transaction: IDBTransaction) => {
      Object.defineProperty(transaction, 'error', { get: () => new DOMException('it fails', reason) })
      transaction.abort()
    }
    if (call === 'delete') {
      vi.spyOn(IDBObjectStore.prototype, 'delete').mockImplementation(function (this: IDBObjectStore, key) {
        const request = remove.call(this, key)
        request.onsuccess = () => endedWith(this.transaction)
        return request
      })
    } else {
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
        const request = put.call(this, value, key)
        if (this.name !== 'keys') request.addEventListener('success', () => endedWith(this.transaction))
        return request
      })
    }
    await expect(run()).rejects.toMatchObject({ code })
    vi.restoreAllMocks()
    await holdsOld()
  })
})

describe('IndexedDB with a row that something else has changed', () => {
  const changed: Record<string, (good: Record<string, unknown>) => unknown> = {
    'nothing in it': () => ({}),
    'null in its place': () => null,
    'text in its place': () => 'a share',
    'no version': ({ version: _version, ...rest }) => rest,
    'another version': (good) => ({ ...good, version: 'ab'.repeat(16) }),
    'no nonce': ({ iv: _iv, ...rest }) => rest,
    'an empty value': (good) => ({ ...good, sealed: new ArrayBuffer(0) }),
    'a torn value': (good) => ({ ...good, sealed: (good['sealed'] as ArrayBuffer).slice(0, 100) }),
    'another value': (good) => ({ ...good, sealed: new ArrayBuffer(516) }),
  }
  test.each(Object.entries(changed))('%s: damaged, and nothing is created over it', async (_, make) => {
    const bad = make(await row())
    await change((values) => values.put(bad, 'a'))
    const store = indexedDbStore(name)
    await expect(store.read('a')).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED', retryable: false })
    await expect(store.write('a', NEW, null)).rejects.toMatchObject({
      code: expect.stringMatching(/^(STORAGE_CONFLICT|SHARE_PARSING_FAILED)$/),
    })
    expect(await row()).toEqual(bad)
    await store.delete('a')
    await store.write('a', NEW, null)
    expect((await store.read('a'))?.value).toEqual(NEW)
  })

  test('the row of before: its value and version, and no later version fits', async () => {
    const before = await row()
    const store = indexedDbStore(name)
    const second = await store.write('a', NEW, version)
    await change((values) => values.put(before, 'a'))
    await holdsOld()
    await expect(store.write('a', NEW, second)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' })
    await expect(store.write('a', NEW, null)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' })
    await holdsOld()
  })

  test('a sealing key that is gone: damaged, not absent', async () => {
    await change((keys) => keys.clear(), 'keys')
    const store = indexedDbStore(name)
    await expect(store.read('a')).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED', retryable: false })
    await expect(store.write('a', NEW, null)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' })
  })
})

test('IndexedDB that fails while a write reads leaves no error that nobody hears', async () => {
  const { get } = IDBObjectStore.prototype
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
    const request = get.call(this, key)
    if (this.name === 'values') this.transaction.abort()
    return request
  })
  // The runner fails on an unhandled rejection.
  await expect(WRITES.replace()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  vi.restoreAllMocks()
  await holdsOld()
})

describe('a connection that the browser has lost', () => {
  /** From now on every connection that is open fails, and new ones work: Safari after the page was suspended. */
  function loseConnections(reason: string): void {
    const lost = new Set<IDBDatabase>()
    const { transaction } = IDBDatabase.prototype
    let after = false
    const open = indexedDB.open.bind(indexedDB)
    vi.spyOn(indexedDB, 'open').mockImplementation((...args) => {
      after = true
      return open(...args)
    })
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
      if (!after) lost.add(this)
      if (lost.has(this)) throw new DOMException('connection lost', reason)
      return transaction.apply(this, args)
    })
  }

  test.each(['InvalidStateError', 'UnknownError', 'AbortError'])('%s: a new one is opened', async (reason) => {
    const calls: Record<string, (store: ShareStore) => Promise<unknown>> = {
      read: async (store) => expect(await store.read('a')).toEqual({ value: OLD, version }),
      list: async (store) => expect(await store.list('')).toEqual(['a']),
      probe: (store) => store.probe(),
      create: async (store) => {
        const created = await store.write('b', NEW, null)
        expect(await store.read('b')).toEqual({ value: NEW, version: created })
      },
      replace: async (store) => {
        version = await store.write('a', NEW, version)
        expect(await store.read('a')).toEqual({ value: NEW, version })
      },
      delete: async (store) => {
        await store.delete('a')
        expect(await store.read('a')).toBe(undefined)
      },
    }
    for (const call of Object.values(calls)) {
      const store = indexedDbStore(name)
      await store.list('')
      loseConnections(reason)
      await call(store)
      vi.restoreAllMocks()
    }
  })

  test('a write whose answer was lost with it is no conflict with itself', async () => {
    const { put } = IDBObjectStore.prototype
    let lost = false
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      const request = put.call(this, value, key)
      if (lost || this.name !== 'values') return request
      lost = true
      throw new DOMException('connection lost', 'UnknownError')
    })
    const store = indexedDbStore(name)
    const written = await store.write('a', NEW, version)
    expect(lost).toBe(true)
    expect(await store.read('a')).toEqual({ value: NEW, version: written })
  })

  test('a new connection that fails too is STORAGE_UNAVAILABLE, and the next call tries again', async () => {
    const store = indexedDbStore(name)
    const spy = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('connection lost', 'UnknownError')
    })
    await expect(store.read('a')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect(spy.mock.calls.length).toBeLessThan(4)
    spy.mockRestore()
    expect((await store.read('a'))?.value).toEqual(OLD)
  })
})

test('a sealing key that is none is replaced, so that new values can be kept', async () => {
  await change((keys) => keys.put('no key', 'seal'), 'keys')
  const store = indexedDbStore(name)
  await store.probe()
  await expect(store.read('a')).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
  expect(await store.list('')).toEqual(['a'])
  await store.delete('a')
  await store.write('a', NEW, null)
  expect((await indexedDbStore(name).read('a'))?.value).toEqual(NEW)
})

test('rows under keys that are no text are none of the store', async () => {
  await change((values) => values.put({}, 7))
  await change((values) => values.put({}, ['a']))
  expect(await indexedDbStore(name).list('')).toEqual(['a'])
})

test('IndexedDB that gives back nothing fails its probe', async () => {
  const { get } = IDBObjectStore.prototype
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
    return get.call(this, this.name === 'probes' ? 'absent' : key)
  })
  await expect(indexedDbStore(name).probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
})

test('IndexedDB of a later version of the app is STORAGE_UNAVAILABLE', async () => {
  const later = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, 2)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
  later.close()
  await expect(indexedDbStore(name).read('a')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
})
