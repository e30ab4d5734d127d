import { hkdf } from '../symmetric/hkdf.ts'
import { assertMethods } from '../util/arguments.ts'
import { isBytes, utf8, wipe } from '../util/bytes.ts'
import { damaged } from './failures.ts'
import { adapterStore, type KeyValueAdapter } from './key-value/adapter-store.ts'
import { ID_LENGTH, type SealingKey } from './sealed/record.ts'
import { sealedStore } from './sealed/sealed-store.ts'
import { askSecret, copySecret, type GetSecret } from './sealed/secret.ts'
import type { ShareStore } from './types.ts'

export type { KeyValueAdapter } from './key-value/adapter-store.ts'
export type { GetSecret } from './sealed/secret.ts'
export type { ShareStore, StoreCallOptions, StoredValue } from './types.ts'

/** Options of {@link keyValueStore}. */
export interface KeyValueStoreOptions {
  /**
   * What values are sealed with: at least 32 random bytes, or a function that gives them, as from the platform's keychain. It
   * is called at each read or write, so it should not ask the user: for that, wrap the store in a `lockedStore`. It is
   * copied. Bytes that are all the same are refused.
   */
  readonly key: Uint8Array | GetSecret
  /** What the adapter's keys begin with: 1 to 64 letters, digits, `_` and `-`. Default: `reshare`. */
  readonly namespace?: string
}

const NAMESPACE = /^[A-Za-z0-9_-]{1,64}$/

/**
 * A share store over any key-value storage of texts, such as AsyncStorage or MMKV in React Native. Values are sealed with a
 * key that the app has from the keychain. It needs no WebCrypto but `getRandomValues`.
 *
 * Compare-and-set holds among all stores over the same adapter object in this process. Several processes, or two adapter
 * objects, must not use the same storage at the same time: a write of one could then be lost.
 *
 * With another key, what was stored before is SHARE_NOT_FOUND, and is not overwritten: recover the wallets.
 *
 * @throws {TypeError | RangeError} if an argument is wrong
 *
 * @example
 * const storage = keyValueStore(AsyncStorage, { key: () => keychainBytes('share-key') })
 */
export function keyValueStore(adapter: KeyValueAdapter, options: KeyValueStoreOptions): ShareStore {
  assertMethods(adapter, ['getItem', 'setItem', 'removeItem', 'getAllKeys'], 'adapter')
  const { key, namespace = 'reshare' } = options ?? {}
  if (typeof namespace !== 'string' || !NAMESPACE.test(namespace)) {
    throw new TypeError('namespace must be 1 to 64 letters, digits, _ and -')
  }
  const getKey = typeof key === 'function' ? key : held(key)
  const open = async (signal: AbortSignal | undefined) => {
    const secret = await askSecret(getKey, signal, 'the key of the store')
    try {
      return [sealingKey(secret, namespace)]
    } finally {
      wipe(secret)
    }
  }
  return sealedStore(adapterStore(adapter, namespace), {
    name: 'key',
    open,
    openToWrite: open,
    notSealed: () => damaged('an item of the key-value storage is damaged'),
    isPublic: () => false,
    isReserved: () => false,
  })
}

function held(given: unknown): GetSecret {
  if (!isBytes(given)) throw new TypeError('key must be bytes, or a function that gives them')
  const key = copySecret(given, 'key')
  return () => key.slice()
}

/** The id of the key tells whether it is another one, or of another namespace. It says nothing of the key. */
function sealingKey(secret: Uint8Array, namespace: string): SealingKey {
  const derive = (info: string, length: number) => hkdf(secret, undefined, utf8(`${info}/${namespace}`), length)
  return { id: derive('reshare/v1/key-value/id', ID_LENGTH), key: derive('reshare/v1/key-value/key', 32) }
}
