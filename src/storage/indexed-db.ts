import { MpcError, isMpcError } from '../errors.ts'
import { equalBytes, toHex, utf8 } from '../util/bytes.ts'
import { hedgedRandom } from '../util/hedge.ts'
import { systemRandom } from '../util/random.ts'
import { checkKey, checkPrefix, checkWrite } from './arguments.ts'
import { endOf, openDatabase, resultOf } from './database-requests.ts'
import { conflict, damaged, unavailable } from './failures.ts'
import { persistence, type PersistOptions } from './persist.ts'
import type { ShareStore } from './types.ts'
import { errorName } from '../util/brand.ts'

interface SealedValue {
  readonly version: string
  readonly iv: Uint8Array<ArrayBuffer>
  readonly sealed: ArrayBuffer
}

/** The object stores, by what they keep. */
type StoreName = 'values' | 'probes' | 'keys'

const STORES: readonly StoreName[] = ['values', 'probes', 'keys']

interface Connection {
  readonly database: IDBDatabase
  readonly key: CryptoKey
}

const WRITE = { durability: 'strict' } as const

/** The names of errors that concern one request or value, and not the connection. */
const NOT_THE_CONNECTION: ReadonlySet<string | undefined> = new Set([
  'QuotaExceededError',
  'DataError',
  'DataCloneError',
])

/**
 * A share store in the browser's IndexedDB. Several tabs can use it at the same time.
 *
 * Values are sealed with AES-256-GCM under a non-extractable WebCrypto key in the same database. A copy of the values
 * alone cannot be opened. Script on the page can use the key, but not export it, so the store does not protect against
 * malicious script on the page. The browser may evict the database; the wallet must then be recovered from its backup. At
 * the first write, it is asked not to.
 *
 * @param name the database's name, different for each app on the origin
 * @throws {TypeError} if it is not a non-empty string, or an option is wrong. Other problems appear at the first use: `probe()` finds them.
 *
 * @example
 * const storage = indexedDbStore('my-app')
 */
export function indexedDbStore(name: string, options: PersistOptions = {}): ShareStore {
  if (typeof name !== 'string' || name === '') throw new TypeError('the database name must be a non-empty string')
  const persist = persistence(options)
  let opened: Promise<Connection> | undefined

  function connect(): Promise<Connection> {
    const opening = (opened ??= open(name, () => forget(opening)))
    opening.catch(() => forget(opening))
    return opening
  }

  function forget(connection: Promise<Connection>): void {
    if (opened === connection) opened = undefined
  }

  /** Tries a new connection once: browsers lose connections without notice (Safari after the page was suspended). */
  async function run<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connecting = connect()
      try {
        return await work(await connecting)
      } catch (cause) {
        if (isMpcError(cause)) throw cause
        if (NOT_THE_CONNECTION.has(errorName(cause))) throw storageError(cause)
        forget(connecting)
        await connecting.then(({ database }) => database.close()).catch(() => undefined)
        if (attempt === 2) throw storageError(cause)
      }
    }
  }

  return {
    probe: () =>
      run(async ({ database, key }) => {
        const id = newVersion()
        const value = systemRandom(32)
        const sealed = await seal(key, id, value, id)
        await change(database, 'probes', (store) => store.put(sealed, id))
        const stored = await read<SealedValue>(database, 'probes', id)
        await change(database, 'probes', (store) => store.delete(id))
        if (stored === undefined || !equalBytes(await unseal(key, id, stored), value)) {
          throw unavailable('IndexedDB did not give back what was written')
        }
      }),

    async read(key) {
      checkKey(key)
      return run(async (connection) => {
        const stored = checkRow(await read(connection.database, 'values', key))
        return stored && { value: await unseal(connection.key, key, stored), version: stored.version }
      })
    },

    async write(key, given, expectedVersion) {
      const value = checkWrite(key, given, expectedVersion)
      const version = newVersion()
      return run(async (connection) => {
        // Seals before the transaction: it ends as soon as anything but its own requests is awaited.
        const sealed = await seal(connection.key, key, value, version)
        const transaction = connection.database.transaction('values', 'readwrite', WRITE)
        const store = transaction.objectStore('values')
        const end = endOf(transaction)
        // If the read below fails, nothing awaits the end of the transaction.
        end.catch(() => undefined)
        const current = checkRow(await get<SealedValue>(store, key))
        // The first attempt at this write succeeded, but the connection was lost before it returned.
        if (current?.version === version) return version
        if ((current?.version ?? null) !== expectedVersion) throw conflict()
        await Promise.all([resultOf(store.put(sealed, key)), end])
        persist()
        return version
      })
    },

    async delete(key) {
      checkKey(key)
      await run(({ database }) => change(database, 'values', (store) => store.delete(key)))
    },

    async list(prefix) {
      checkPrefix(prefix)
      return run(async ({ database }) => {
        const store = database.transaction('values').objectStore('values')
        const keys = await resultOf(store.getAllKeys(prefix === '' ? null : IDBKeyRange.lowerBound(prefix)))
        return keys.filter((key): key is string => typeof key === 'string' && key.startsWith(prefix))
      })
    },
  }
}

async function open(name: string, onClosed: () => void): Promise<Connection> {
  if (globalThis.indexedDB === undefined) throw unavailable('this runtime has no IndexedDB')
  if (globalThis.crypto?.subtle === undefined)
    throw unavailable('WebCrypto needs a secure context (https or localhost)')
  const database = await openDatabase(name, STORES, onClosed)
  try {
    return { database, key: await sealingKey(database) }
  } catch (error) {
    database.close()
    throw error
  }
}

/** One value of an object store. */
function read<T>(database: IDBDatabase, name: StoreName, key: string): Promise<T | undefined> {
  return get<T>(database.transaction(name).objectStore(name), key)
}

function get<T>(store: IDBObjectStore, key: string): Promise<T | undefined> {
  return resultOf(store.get(key) as IDBRequest<T | undefined>)
}

/** One change of an object store, once it is kept. */
async function change(
  database: IDBDatabase,
  name: StoreName,
  request: (store: IDBObjectStore) => IDBRequest,
): Promise<void> {
  const transaction = database.transaction(name, 'readwrite', WRITE)
  // A request that throws at once has not begun.
  const result = resultOf(request(transaction.objectStore(name)))
  await Promise.all([result, endOf(transaction)])
}

async function sealingKey(database: IDBDatabase): Promise<CryptoKey> {
  const stored = await read<CryptoKey>(database, 'keys', 'seal')
  if (isKey(stored)) return stored
  const fresh = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  // Another tab may have made a key in the meantime: all tabs use the first one in the database.
  const transaction = database.transaction('keys', 'readwrite', WRITE)
  const store = transaction.objectStore('keys')
  const end = endOf(transaction)
  // If the read below fails, nothing awaits the end of the transaction.
  end.catch(() => undefined)
  const first = await get<CryptoKey>(store, 'seal')
  if (!isKey(first)) await resultOf(store.put(fresh, 'seal'))
  await end
  return isKey(first) ? first : fresh
}

function isKey(value: CryptoKey | undefined): value is CryptoKey {
  return Object.prototype.toString.call(value) === '[object CryptoKey]'
}

/** A row without a version must not count as absent, since a new value would replace it. */
function checkRow(row: SealedValue | undefined): SealedValue | undefined {
  if (row !== undefined && typeof row?.version !== 'string') throw damaged('a row in IndexedDB is not of this store')
  return row
}

function associatedData(key: string, version: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(utf8(`reshare/v1/indexed-db ${version} ${key}`))
}

async function seal(sealingKey: CryptoKey, key: string, value: Uint8Array, version: string): Promise<SealedValue> {
  const additionalData = associatedData(key, version)
  // Hedged with the value, since the key cannot be read: so two values never get one nonce, even if the source repeats.
  const iv = new Uint8Array(hedgedRandom(systemRandom, 'seal nonce', value, additionalData)(12))
  const algorithm = { name: 'AES-GCM', iv, additionalData }
  return { version, iv, sealed: await crypto.subtle.encrypt(algorithm, sealingKey, value as Uint8Array<ArrayBuffer>) }
}

async function unseal(sealingKey: CryptoKey, key: string, stored: SealedValue): Promise<Uint8Array> {
  const algorithm = { name: 'AES-GCM', iv: stored.iv, additionalData: associatedData(key, stored.version) }
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, sealingKey, stored.sealed))
  } catch (cause) {
    throw damaged('a value in IndexedDB is damaged or belongs to another key', cause)
  }
}

/** 128 random bits in hex, so two tabs never make the same version. */
function newVersion(): string {
  return toHex(systemRandom(16))
}

function storageError(cause: unknown): MpcError {
  const reason = errorName(cause) ?? 'unknown'
  if (reason === 'QuotaExceededError') {
    return new MpcError('STORAGE_FULL', 'the browser gives this origin no more room', { cause })
  }
  // InvalidStateError and SecurityError occur in some browsers, in private windows or with blocked cookies.
  return unavailable(`IndexedDB failed (${reason})`, cause)
}
