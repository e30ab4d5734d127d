import { abortedBy, untilAborted } from '../../util/exchange.ts'
import { unavailable } from './response.ts'

/**
 * Keeps the current web token of one user of one container and environment. Whoever has it can read and write what this app keeps in
 * the user's iCloud until it is used or expires.
 */
export interface WebTokenStore {
  /** The token that was saved last, or undefined. */
  load(): string | undefined | Promise<string | undefined>
  /** Keeps a token in place of the one before. Undefined: forgets it. */
  save(token: string | undefined): void | Promise<void>
}

/** A store that lasts as long as this object. */
function memoryTokens(): WebTokenStore {
  let current: string | undefined
  return {
    load: () => current,
    save(token) {
      current = token
    },
  }
}

const pageStores = new Map<string, WebTokenStore>()

/** The page's `localStorage`, or memory where there is none. One store per name, so that all that use it take turns. */
export function defaultTokens(name: string): WebTokenStore {
  const storage = pageStorage()
  if (storage === undefined) return memoryTokens()
  const store = pageStores.get(name) ?? storageTokens(storage, name)
  pageStores.set(name, store)
  return store
}

/** The part of `Storage` that is used, which programs without the DOM have no type for. */
type PageStorage = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Elsewhere than in a page, a global of this name is not the user's: Node has one that asks for a file. */
export function pageStorage(): PageStorage | undefined {
  if (typeof document === 'undefined') return undefined
  try {
    return globalThis.localStorage
  } catch {
    // A sandboxed frame, or a user who allows no storage.
    return undefined
  }
}

function storageTokens(storage: PageStorage, name: string): WebTokenStore {
  /** What there was no room for. */
  let unsaved: string | undefined
  return {
    load: () => unsaved ?? storage.getItem(name) ?? undefined,
    save(token) {
      unsaved = undefined
      if (token === undefined) return storage.removeItem(name)
      try {
        storage.setItem(name, token)
      } catch {
        unsaved = token
      }
    },
  }
}

/** Longer than a sign-in may last, so that whoever waits for one gets its token. */
const TURN_MS = 360_000

const queues = new WeakMap<WebTokenStore, Promise<unknown>>()

/**
 * Runs `work` while nobody else uses the token: no other tab, where there are Web Locks, and otherwise no other call with
 * the same store.
 *
 * @throws {STORAGE_UNAVAILABLE} if its turn does not come within six minutes
 * @throws {ABORTED} if the signal is aborted before its turn
 */
export async function inTurn<T>(
  name: string,
  store: WebTokenStore,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const waiting = new AbortController()
  const stop = () => waiting.abort()
  const timer = setTimeout(stop, TURN_MS)
  signal?.addEventListener('abort', stop)
  let begun = false
  const begin = () => {
    begun = true
    clearTimeout(timer)
    return work()
  }
  try {
    if (signal?.aborted) throw abortedBy(signal)
    const locks = globalThis.navigator?.locks as LockManager | undefined
    try {
      if (locks !== undefined) return await locks.request(name, { signal: waiting.signal }, begin)
    } catch (error) {
      // Some pages have the API but may not use it: those of files, and sandboxed frames.
      if (begun || waiting.signal.aborted) throw error
    }
    return await inQueue(store, waiting.signal, begin)
  } catch (error) {
    if (begun) throw error
    if (signal?.aborted) throw abortedBy(signal)
    throw unavailable('another request has not ended')
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function inQueue<T>(store: WebTokenStore, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const before = queues.get(store) ?? Promise.resolve()
  let done = () => {}
  const own = new Promise<void>((resolve) => (done = resolve))
  queues.set(
    store,
    before.then(() => own),
  )
  try {
    await untilAborted(signal, before)
    return await work()
  } finally {
    done()
  }
}
