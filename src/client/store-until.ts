import { isMpcError, MpcError } from '../errors.ts'
import type { ShareStore, StoredValue } from '../storage/types.ts'
import { abytes } from '../util/bytes.ts'

/** The part of a deadline that a store needs. */
interface Ending {
  check(): void
  race<T>(work: T | PromiseLike<T>): Promise<T>
}

/**
 * Wraps a store for one action: no call outlasts the action's deadline, and every error has a code. A write that has
 * started may still take effect after the deadline, as if the process had ended.
 */
export function storeUntil(store: ShareStore, deadline: Ending): ShareStore {
  const ask = async <T>(work: () => Promise<unknown>, read: (answer: unknown) => T): Promise<T> => {
    deadline.check()
    let answer: unknown
    try {
      answer = await deadline.race(work())
    } catch (cause) {
      if (isMpcError(cause)) throw cause
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store failed', { cause })
    }
    try {
      return read(answer)
    } catch {
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store answered what no store answers', { retryable: false })
    }
  }
  return {
    probe: () => ask(() => store.probe(), ignore),
    read: (key) => ask(() => store.read(key), readStored),
    write: (key, value, version) => ask(() => store.write(key, value, version), readText),
    delete: (key) => ask(() => store.delete(key), ignore),
    list: (prefix) => ask(() => store.list(prefix), readTexts),
  }
}

function ignore(): void {}

function readStored(answer: unknown): StoredValue | undefined {
  if (answer === undefined) return undefined
  const { value, version } = answer as Partial<StoredValue>
  return { value: abytes(value, undefined, 'value'), version: readText(version) }
}

function readTexts(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new TypeError('keys must be a list')
  return answer.map(readText)
}

function readText(answer: unknown): string {
  if (typeof answer !== 'string') throw new TypeError('keys and versions must be strings')
  return answer
}
