import { isMpcError, MpcError } from '../../errors.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import { damaged, unavailable } from '../failures.ts'
import { isRecord, type SealingKey } from '../sealed/record.ts'
import { takeSecret } from '../sealed/secret.ts'
import type { Keyring } from '../sealed/sealed-store.ts'
import type { ShareStore, StoredValue } from '../types.ts'
import { givesCopies } from './device-lock.ts'
import { makeKey, unwrapKey } from './header.ts'
import type { DeviceLock } from './types.ts'

/** What the keys of headers and of the marker begin with. */
const RESERVED = 'reshare-lock/'

/** There while records from before the lock are being sealed. */
export const MOVING = `${RESERVED}moving`

/** How often a header is made while other tabs make one. */
const HEADER_ATTEMPTS = 16

/**
 * What is not sealed, exactly as the client writes it. Everything else is: also keys that a later version of the client, or
 * somebody else, stores.
 *
 * - `wallet/<walletId>`: ids, public keys and states of a wallet's sets
 * - `discard/<setId>/<random>`: a mark, while a share is being deleted
 */
const PUBLIC = /^(wallet\/[0-9a-f]{32}|discard\/[0-9a-f]{64}\/[0-9a-f]{32})$/

const isPublic = (key: string) => PUBLIC.test(key)
const isReserved = (key: string) => key.startsWith(RESERVED)

/** The keys of a store that a lock opens. Their headers are in the store itself. */
export function lockKeyring(store: ShareStore, lock: DeviceLock): Keyring {
  return {
    name: 'lock',
    isPublic,
    isReserved,
    isLocked: () => !lock.isOpen(),
    open: (signal) => withSecret(lock, signal, async (secret) => openHeaders(await readHeaders(store), secret)),
    openToWrite: (signal) => withSecret(lock, signal, (secret) => openOrMake(store, lock, secret, signal)),
    async notSealed() {
      return (await isMoved(store)) ? damaged('a sealed value in this store is damaged') : notMoved()
    },
  }
}

/** Runs `use` with a copy of what the lock gives, and wipes that. */
export async function withSecret<T>(
  lock: DeviceLock,
  signal: AbortSignal | undefined,
  use: (secret: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const given = await lock.unlock(signal && { signal })
  const secret = takeSecret(given, 'what a lock gives')
  if (givesCopies(lock)) wipe(given)
  try {
    return await use(secret)
  } finally {
    wipe(secret)
  }
}

/**
 * Asks a lock once more, before anything is sealed under its secret: what is sealed under one that does not come back is
 * lost.
 *
 * @throws {STORAGE_UNAVAILABLE} if it gives another one. The lock is closed then, and asks at the next try
 */
export async function proveSecret(
  lock: DeviceLock,
  secret: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  await lock.probe(signal && { signal })
  await withSecret(lock, signal, (again) => {
    if (equalBytes(again, secret)) return
    lock.lock()
    throw unavailable('the lock gave another secret when it was asked again: nothing was sealed')
  })
}

/** Whether everything secret in this store is sealed. A value that is not was not stored by it. */
export async function isMoved(store: ShareStore): Promise<boolean> {
  return (await readHeaders(store)).length > 0 && (await store.read(MOVING)) === undefined
}

/** A stored header. `value` is empty if the store reports it as damaged: then no lock opens it. */
export interface StoredHeader extends StoredValue {
  readonly key: string
}

export async function readHeaders(store: ShareStore): Promise<StoredHeader[]> {
  const keys = (await store.list(RESERVED)).filter((key) => key !== MOVING)
  const headers = await Promise.all(keys.map((key) => readHeader(store, key)))
  return headers.filter((header) => header !== undefined)
}

async function readHeader(store: ShareStore, key: string): Promise<StoredHeader | undefined> {
  const stored = await readIntact(store, key)
  if (stored === undefined) return undefined
  return stored === 'damaged' ? { key, value: new Uint8Array(0), version: '' } : { key, ...stored }
}

export function openHeaders(headers: readonly StoredHeader[], secret: Uint8Array): SealingKey[] {
  return headers.flatMap(({ value }) => unwrapKey(value, secret) ?? [])
}

async function openOrMake(
  store: ShareStore,
  lock: DeviceLock,
  secret: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<SealingKey[]> {
  const headers = await readHeaders(store)
  const opened = openHeaders(headers, secret)
  if (opened.length > 0) return opened
  if (!(await isMoved(store)) && (await unsealedKeys(store)).length > 0) throw notMoved()
  // Perhaps the user took another passkey by mistake.
  if (headers.length > 0) await proveSecret(lock, secret, signal)
  return makeHeader(store, secret)
}

/**
 * The keys that this secret opens, of which there is one at least. The keys of headers are numbered, so that of two tabs
 * that make the first one at the same time, one finds the other's.
 */
export async function makeHeader(store: ShareStore, secret: Uint8Array): Promise<SealingKey[]> {
  for (let attempt = 1; ; attempt++) {
    const headers = await readHeaders(store)
    const opened = openHeaders(headers, secret)
    if (opened.length > 0) return opened
    const numbers = headers.map(({ key }) => Number(key.slice(RESERVED.length)))
    const next = Math.max(0, ...numbers.filter(Number.isSafeInteger).map((number) => number + 1))
    const { sealingKey, header } = makeKey(secret)
    try {
      await store.write(`${RESERVED}${next}`, header, null)
      return [sealingKey]
    } catch (error) {
      wipe(sealingKey.key)
      const isTaken = isMpcError(error, 'STORAGE_CONFLICT', 'SHARE_PARSING_FAILED')
      if (!isTaken || attempt === HEADER_ATTEMPTS) throw error
    }
  }
}

/** The keys of secret values that are not sealed. */
export async function unsealedKeys(store: ShareStore): Promise<string[]> {
  const keys = (await store.list('')).filter((key) => !isPublic(key) && !isReserved(key))
  const unsealed: string[] = []
  for (const key of keys) {
    const stored = await readIntact(store, key)
    if (stored === undefined || stored === 'damaged') continue
    if (!isRecord(stored.value)) unsealed.push(key)
    wipe(stored.value)
  }
  return unsealed
}

/** The value of a key, or that the store finds it damaged. */
export async function readIntact(store: ShareStore, key: string): Promise<StoredValue | 'damaged' | undefined> {
  try {
    return await store.read(key)
  } catch (error) {
    if (isMpcError(error, 'SHARE_PARSING_FAILED')) return 'damaged'
    throw error
  }
}

function notMoved(): MpcError {
  const message = 'this store has values from before the lock, which are not sealed: call sealStore first'
  return new MpcError('STORAGE_UNAVAILABLE', message, { retryable: false })
}
