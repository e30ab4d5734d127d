import { beforeEach, describe, expect, test, vi } from 'vitest'
import { storeConformance } from '../../src/storage/conformance.ts'
import { indexedDbStore } from '../../src/storage/index.ts'

// By a name that the bundler of the browser tests does not follow: there the real one is used.
const substitute = 'fake-indexeddb/auto'
if (typeof indexedDB === 'undefined') await import(/* @vite-ignore */ substitute)

let name = ''
beforeEach(() => {
  name = `reshare-test-${crypto.randomUUID()}`
  return () => void indexedDB.deleteDatabase(name)
})

/** The rows of an object store, as someone with a copy of the database sees them. */
async function raw<T>(storeName: string, change?: (store: IDBObjectStore) => void): Promise<T[]> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
  const transaction = database.transaction(storeName, 'readwrite')
  const store = transaction.objectStore(storeName)
  change?.(store)
  const all = store.getAll()
  await new Promise((resolve) => (transaction.oncomplete = resolve))
  database.close()
  return all.result as T[]
}

describe('IndexedDB store', () => {
  const damage = async (place: string, key: string) => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(place)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('not opened'))
    })
    const transaction = database.transaction('values', 'readwrite')
    const values = transaction.objectStore('values')
    const request = values.get(key)
    request.onsuccess = () => {
      const row = request.result as { sealed: ArrayBuffer }
      new Uint8Array(row.sealed)[0]! ^= 1
      values.put(row, key)
    }
    await new Promise((resolve) => (transaction.oncomplete = resolve))
    database.close()
  }
  for (const check of storeConformance(indexedDbStore, damage)) test(check.name, check.run)

  test('seals values under a key that cannot be exported', async () => {
    const value = new TextEncoder().encode('a share that must not be seen')
    await indexedDbStore(name).write('set', value, null)
    const [row] = await raw<{ sealed: ArrayBuffer; iv: Uint8Array }>('values')
    const sealed = Array.from(new Uint8Array(row?.sealed ?? new ArrayBuffer(0)))
    expect(sealed.length).toBe(value.length + 16)
    expect(String(sealed)).not.toContain(String(Array.from(value.subarray(0, 4))))
    expect(row?.iv.length).toBe(12)
    const [key] = await raw<CryptoKey>('keys')
    expect(key?.extractable).toBe(false)
    await expect(crypto.subtle.exportKey('raw', key as CryptoKey)).rejects.toThrow()
  })

  test('never seals twice with the same nonce', async () => {
    const store = indexedDbStore(name)
    for (const key of ['a', 'b', 'c']) await store.write(key, new Uint8Array(4), null)
    const rows = await raw<{ iv: Uint8Array }>('values')
    expect(new Set(rows.map(({ iv }) => String(iv))).size).toBe(3)
  })

  test('two handles that open at the same time share one key', async () => {
    const [a, b] = [indexedDbStore(name), indexedDbStore(name)]
    await Promise.all([a.write('a', new Uint8Array([1]), null), b.write('b', new Uint8Array([2]), null)])
    expect((await a.read('b'))?.value).toEqual(new Uint8Array([2]))
    expect((await b.read('a'))?.value).toEqual(new Uint8Array([1]))
    expect(await raw('keys')).toHaveLength(1)
  })

  test('says that a value moved to another key, or changed, is damaged', async () => {
    const store = indexedDbStore(name)
    await store.write('a', new Uint8Array([1]), null)
    const [row] = await raw<{ sealed: ArrayBuffer }>('values')
    await raw('values', (values) => values.put(row, 'b'))
    await expect(store.read('b')).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED', retryable: false })
    const flipped = { ...row, sealed: new Uint8Array(row?.sealed.byteLength ?? 0).buffer }
    await raw('values', (values) => values.put(flipped, 'a'))
    await expect(store.read('a')).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED', retryable: false })
  })

  test('lets the database go when someone wants to delete it, and opens it again', async () => {
    const store = indexedDbStore(name)
    await store.write('a', new Uint8Array([1]), null)
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name)
      request.onsuccess = resolve
      request.onerror = reject
    })
    expect(await store.read('a')).toBeUndefined()
    await store.write('a', new Uint8Array([2]), null)
  })

  test('leaves no probe', async () => {
    await indexedDbStore(name).probe()
    expect(await raw('probes')).toEqual([])
  })

  test('a full disk is STORAGE_FULL, a closed door STORAGE_UNAVAILABLE', async () => {
    const store = indexedDbStore(name)
    await store.probe()
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError')
    })
    await expect(store.write('a', new Uint8Array(1), null)).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    put.mockRestore()
    expect(await store.read('a')).toBeUndefined()

    const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('private window', 'SecurityError')
    })
    const shut = indexedDbStore(`${name}-shut`)
    await expect(shut.probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    open.mockRestore()
    await shut.probe()
    indexedDB.deleteDatabase(`${name}-shut`)
  })

  test('is STORAGE_UNAVAILABLE where there is no IndexedDB or no WebCrypto', async () => {
    for (const missing of ['indexedDB', 'crypto']) {
      vi.stubGlobal(missing, undefined)
      await expect(indexedDbStore(name).read('a')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      vi.unstubAllGlobals()
    }
  })

  test('refuses a database without a name', () => {
    expect(() => indexedDbStore('')).toThrow(TypeError)
  })
})
