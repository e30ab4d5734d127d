import { isMpcError, MpcError } from '../../errors.ts'
import { errorMessage, errorName } from '../../util/brand.ts'
import { fromBase64, fromUtf8, isHex, toBase64, toHex, utf8 } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { conflict, damaged, unavailable } from '../failures.ts'
import type { ShareStore, StoredValue } from '../types.ts'
import { inTurn } from './in-turn.ts'

/** A key-value storage of texts, such as AsyncStorage. Its functions may return promises. */
export interface KeyValueAdapter {
  /** The text of a key; `null` or `undefined` if there is none. */
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>
  /** Stores a text, in the place of an earlier one. It is durable when the promise resolves. */
  setItem(key: string, value: string): unknown
  /** Removes a key; does nothing if it is absent. */
  removeItem(key: string): unknown
  /** All keys, also those of others. */
  getAllKeys(): readonly string[] | Promise<readonly string[]>
}

const VERSION_LENGTH = 16

/** The length of an item, at most, in characters. Longer ones would take seconds to decode. */
const MAX_ITEM = 2 ** 22

/** What an item has beside its value: `1.`, the version in hex, and a dot. */
const ITEM_OVERHEAD = 2 + 2 * VERSION_LENGTH + 1

/** Messages of AsyncStorage (SQLite), browsers and file systems. */
const FULL = /quota|SQLITE_FULL|disk is full|no space left|ENOSPC/i

/**
 * A share store of values in the open, for what seals them: an item is `1.<version in hex>.<value in base64>`, under
 * `<namespace>.<key in base64url>`. Compare-and-set holds within this process.
 */
export function adapterStore(adapter: KeyValueAdapter, namespace: string): ShareStore {
  const prefix = `${namespace}.`
  const itemOf = (key: string) => prefix + toBase64Url(utf8(key))

  async function getItem(item: string): Promise<string | undefined> {
    const text: unknown = await run(() => adapter.getItem(item))
    if (text === null || text === undefined) return undefined
    if (typeof text !== 'string') throw oddAnswer('getItem gave neither a text nor null')
    if (text.length > MAX_ITEM) throw damaged('an item of the key-value storage is damaged')
    return text
  }

  async function setItem(item: string, text: string): Promise<void> {
    try {
      await run(() => adapter.setItem(item, text))
    } catch (error) {
      // STORAGE_FULL promises that nothing has changed.
      if (isMpcError(error, 'STORAGE_FULL') && (await getItem(item)) === text) {
        throw unavailable('the key-value storage failed while it stored a value', error)
      }
      throw error
    }
  }

  return {
    async probe() {
      // With two dots, it is the item of no key.
      const [item, text] = [`${prefix}.${newVersion()}`, newVersion()]
      try {
        await setItem(item, text)
        if ((await getItem(item)) !== text) throw unavailable('the key-value storage did not give back the probe')
      } finally {
        await run(() => adapter.removeItem(item))
      }
    },

    async read(key) {
      const text = await getItem(itemOf(key))
      return text === undefined ? undefined : parseItem(text)
    },

    async write(key, value, expectedVersion) {
      const [item, base64] = [itemOf(key), toBase64(value)]
      if (base64.length > MAX_ITEM - ITEM_OVERHEAD) throw new RangeError('a value is too long for a key-value storage')
      return inTurn(adapter, item, async () => {
        const current = await getItem(item)
        if ((current === undefined ? null : parseItem(current).version) !== expectedVersion) throw conflict()
        const version = newVersion()
        await setItem(item, `1.${version}.${base64}`)
        return version
      })
    },

    async delete(key) {
      const item = itemOf(key)
      await inTurn(adapter, item, () => run(() => adapter.removeItem(item)))
    },

    async list(keyPrefix) {
      const items: unknown = await run(() => adapter.getAllKeys())
      if (!Array.isArray(items) || !items.every((item) => typeof item === 'string')) {
        throw oddAnswer('getAllKeys gave no list of texts')
      }
      const own = [...new Set(items)].filter((item) => item.startsWith(prefix))
      const keys = own.map((item) => keyOf(item.slice(prefix.length)))
      return keys.filter((key) => key !== undefined && key.startsWith(keyPrefix)).sort() as string[]
    },
  }
}

/** Gives what the adapter throws a code. */
async function run<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (isMpcError(cause)) throw cause
    if (FULL.test(`${errorName(cause)} ${errorMessage(cause)}`)) {
      throw new MpcError('STORAGE_FULL', 'the key-value storage is full', { cause })
    }
    throw unavailable('the key-value storage failed', cause)
  }
}

function oddAnswer(message: string): MpcError {
  return new MpcError('STORAGE_UNAVAILABLE', `the key-value adapter is wrong: ${message}`, { retryable: false })
}

function parseItem(text: string): StoredValue {
  const [format, version, base64, ...rest] = text.split('.')
  try {
    if (format !== '1' || rest.length > 0 || !isHex(version, VERSION_LENGTH)) throw new TypeError('not an item')
    return { version, value: fromBase64(base64 as string) }
  } catch (cause) {
    throw damaged('an item of the key-value storage is damaged', cause)
  }
}

/** The key of an item's name; undefined if it is not one of this store. */
function keyOf(name: string): string | undefined {
  try {
    const padding = '='.repeat((4 - (name.length % 4)) % 4)
    const key = fromUtf8(fromBase64(name.replace(/-/g, '+').replace(/_/g, '/') + padding))
    return key !== '' && toBase64Url(utf8(key)) === name ? key : undefined
  } catch {
    return undefined
  }
}

function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
}

/** 128 random bits in hex. */
function newVersion(): string {
  return toHex(systemRandom(VERSION_LENGTH))
}
