import { isMpcError, MpcError } from '../errors.ts'
import type { ShareStore, StoredValue } from '../storage/types.ts'
import { abytes } from '../util/bytes.ts'

/** The part of a deadline that a store needs. */
interface StoreDeadline {
  readonly signal: AbortSignal
  check(): void
  race<T>(work: T | PromiseLike<T>): Promise<T>
}

/**
 * Wraps a store for one action: no call outlasts the action's deadline, and every error has a code. A write that has
 * started may still take effect after the deadline, as if the process had ended.
 */
export function storeUntil(store: ShareStore, deadline: StoreDeadline): ShareStore {
  const call = async <T>(work: () => Promise<unknown>, read: (result: unknown) => T): Promise<T> => {
    deadline.check()
    let result: unknown
    try {
      result = await deadline.race(work())
    } catch (cause) {
      if (isMpcError(cause)) throw cause
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store failed', { cause })
    }
    try {
      return read(result)
    } catch {
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store answered what no store answers', { retryable: false })
    }
  }
  const options = { signal: deadline.signal }
  return {
    probe: () => call(() => store.probe(options), ignore),
    read: (key) => call(() => store.read(key, options), readStored),
    write: (key, value, version) => call(() => store.write(key, value, version, options), readText),
    delete: (key) => call(() => store.delete(key), ignore),
    list: (prefix) => call(() => store.list(prefix), readTexts),
    isLocked: () => isLocked(store),
  }
}

/** Whether a store is locked. One that cannot say so is: what may wait for its user waits. */
function isLocked(store: ShareStore): boolean {
  try {
    return store.isLocked?.() === true
  } catch {
    return true
  }
}

function ignore(): void {}

function readStored(result: unknown): StoredValue | undefined {
  if (result === undefined) return undefined
  const { value, version } = result as Partial<StoredValue>
  return { value: abytes(value, undefined, 'value'), version: readText(version) }
}

function readTexts(result: unknown): string[] {
  if (!Array.isArray(result)) throw new TypeError('keys must be a list')
  return result.map(readText)
}

function readText(result: unknown): string {
  if (typeof result !== 'string') throw new TypeError('keys and versions must be strings')
  return result
}
