import { isMpcError, MpcError } from '../../errors.ts'
import { toHex, wipe } from '../../util/bytes.ts'
import { checkKey, checkPrefix, checkWrite } from '../arguments.ts'
import { conflict } from '../failures.ts'
import type { ShareStore, StoreCallOptions, StoredValue } from '../types.ts'
import { decodeRecord, encodeRecord, isRecord, openEntry, sealEntry, wipeKeys } from './record.ts'
import type { Entry, SealingKey } from './record.ts'

/** How often a write is tried while other handles write another entry of the same record. */
const WRITE_ATTEMPTS = 16

/** Where the keys of a sealed store come from. */
export interface Keyring {
  /** What the store is named by in errors, such as `lock`. */
  readonly name: string
  /** The keys that can be used now; the user may be asked. The caller wipes them. */
  open(signal: AbortSignal | undefined): Promise<readonly SealingKey[]>
  /** As {@link Keyring.open}, with at least one key. The first one seals. */
  openToWrite(signal: AbortSignal | undefined): Promise<readonly SealingKey[]>
  /** The error for a value that is not a record. */
  notSealed(): MpcError | Promise<MpcError>
  /** Whether `open` would ask the user. */
  isLocked?(): boolean
  /** Keys of the store that stay as they are: nothing in them is secret. */
  readonly isPublic: (key: string) => boolean
  /** Keys of the store that are not the caller's: they are not listed, and refused. */
  isReserved(key: string): boolean
}

/**
 * A share store whose values are sealed before they get to another one. A value that a key of the keyring does not open is
 * never overwritten: a new value is stored beside it.
 */
export function sealedStore(store: ShareStore, keyring: Keyring): ShareStore {
  const { isPublic } = keyring

  function check(key: string): void {
    checkKey(key)
    if (keyring.isReserved(key)) throw new RangeError('a store key must not begin as the keys of the lock itself')
  }

  async function readEntries(key: string, options: StoreCallOptions) {
    const stored = await store.read(key, options)
    if (stored === undefined) return undefined
    if (!isRecord(stored.value)) throw await keyring.notSealed()
    return { entries: decodeRecord(stored.value), version: stored.version }
  }

  return {
    async probe(options = {}) {
      await store.probe(options)
      wipeKeys(await keyring.openToWrite(options.signal))
    },

    async read(key, options = {}) {
      check(key)
      if (isPublic(key)) return store.read(key, options)
      const found = await readEntries(key, options)
      if (found === undefined) return undefined
      // Once more before it counts as foreign: another tab may have made the key in the meantime.
      const value = (await openOwn(key, found.entries, options)) ?? (await openOwn(key, found.entries, options))
      if (value === undefined) throw foreign(keyring)
      return value
    },

    async write(key, given, expectedVersion, options = {}) {
      check(key)
      const value = new Uint8Array(checkWrite(key, given, expectedVersion))
      if (isPublic(key)) return store.write(key, value, expectedVersion, options)
      const keys = await keyring.openToWrite(options.signal).catch((error: unknown) => {
        wipe(value)
        throw error
      })
      try {
        const sealed = sealEntry(keys[0]!, key, value)
        await replaceEntry(key, keys, { sealed, expectedVersion }, options)
        return toHex(sealed.version)
      } finally {
        wipe(value)
        wipeKeys(keys)
      }
    },

    async delete(key) {
      check(key)
      await store.delete(key)
    },

    async list(prefix) {
      checkPrefix(prefix)
      return (await store.list(prefix)).filter((key) => !keyring.isReserved(key))
    },

    isLocked: () => keyring.isLocked?.() === true,
  }

  async function openOwn(
    key: string,
    entries: readonly Entry[],
    { signal }: StoreCallOptions,
  ): Promise<StoredValue | undefined> {
    const keys = await keyring.open(signal)
    try {
      const own = ownEntry(keys, entries)
      return own && { value: openEntry(own.key, key, own.entry), version: toHex(own.entry.version) }
    } finally {
      wipeKeys(keys)
    }
  }

  /** Puts an entry in the place of those that these keys open. Those of other keys stay. */
  async function replaceEntry(
    key: string,
    keys: readonly SealingKey[],
    { sealed, expectedVersion }: { readonly sealed: Entry; readonly expectedVersion: string | null },
    options: StoreCallOptions,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const found = await readEntries(key, options)
      const entries = found?.entries ?? []
      const own = ownEntry(keys, entries)?.entry
      if ((own === undefined ? null : toHex(own.version)) !== expectedVersion) throw conflict()
      const others = entries.filter((entry) => keyOf(keys, entry) === undefined)
      const record = encodeRecord([...others, sealed])
      try {
        await store.write(key, record, found?.version ?? null, options)
        return
      } catch (error) {
        if (!isMpcError(error, 'STORAGE_CONFLICT') || attempt === WRITE_ATTEMPTS) throw error
      }
    }
  }
}

/** The newest entry that one of these keys opens: several do once two locks of a store have become one. */
function ownEntry(keys: readonly SealingKey[], entries: readonly Entry[]) {
  const own = entries.flatMap((entry) => {
    const key = keyOf(keys, entry)
    return key === undefined ? [] : [{ key, entry }]
  })
  return own.at(-1)
}

function keyOf(keys: readonly SealingKey[], { keyId }: Entry): SealingKey | undefined {
  return keys.find(({ id }) => toHex(id) === toHex(keyId))
}

function foreign({ name }: Keyring): MpcError {
  const message = `what is stored here was sealed with another ${name}, or one that is gone: use that one, or recover the wallet from its backup`
  return new MpcError('SHARE_NOT_FOUND', message)
}
