import { EXTENSION_BYTES, PRODUCT_BYTES } from '../../protocol/ecdsa/ot/parameters.ts'
import type { Preprocessed } from '../../protocol/ecdsa/signing/preprocessed.ts'
import { equalBytes } from '../../util/bytes.ts'
import { assertFunction, assertObject, wholeNumber } from '../arguments.ts'

/** The most preprocessings held for one set: as many as a server keeps per set by default. */
export const POOL_MAX_SIZE = 32

const DEFAULT_SIZE = 2

/** Roughly what one preprocessing transfers, in both directions, with headers. */
const FILL_BYTES = 2 * (EXTENSION_BYTES + PRODUCT_BYTES) + 2_000

const HOUR_MS = 60 * 60_000

/** How many preprocessings are kept ready for each set that signs with ECDSA, and what making them may cost. */
export interface PoolOptions {
  /** How many are made in the background after a signature: 0 (none) to 32. Default: 2. */
  readonly size?: number
  /** How many bytes that may transfer per hour; each takes about 183,000. Default: unlimited. */
  readonly bytesPerHour?: number
  /**
   * Called before each is made in the background; return `false` on a metered connection, say. Default: always `true`.
   */
  readonly mayFill?: () => boolean
}

interface Held {
  readonly setId: string
  /** Digest of the setup that it was made with. */
  readonly otDigest: Uint8Array
  readonly preprocessed: Preprocessed
}

/**
 * A client's preprocessings. They exist in memory only, so that neither a restart nor a restored store brings one back,
 * and each is handed out once.
 */
export interface PreprocessingPool {
  /** How many are kept ready for each set. */
  readonly size: number
  /** The client object that they are bound to: a number below 2^32. */
  readonly epoch: number
  /** The sets for which some are being made in the background. */
  readonly filling: Set<string>
  /** Whether {@link dispose} was called; nothing is held after it. */
  readonly isDisposed: boolean
  /** Whether one may be made in the background now. */
  mayFill(): boolean
  count(setId: string): number
  /** @param otDigest digest of the setup that it was made with */
  add(setId: string, otDigest: Uint8Array, preprocessed: Preprocessed): void
  /**
   * Takes one out permanently.
   *
   * @param currentDigest digest of the setup that the store has now; preprocessings made with another one are wiped
   */
  take(setId: string, currentDigest: Uint8Array): Preprocessed | undefined
  /** Takes out several, or none if there are too few. @param currentDigest as of {@link take} */
  takeAll(setId: string, currentDigest: Uint8Array, count: number): readonly Preprocessed[] | undefined
  /** Wipes a set's preprocessings. */
  drop(setId: string): void
  /** Wipes all preprocessings, including those still being made. */
  dispose(): void
}

/** What a pool gets from its client. */
export interface PoolEnvironment {
  readonly epoch: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Receives what `mayFill`, or the clock, throws. Never throws. */
  readonly onError: (error: unknown) => void
}

/**
 * Makes an empty pool.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 */
export function createPreprocessingPool(
  { epoch, now, onError }: PoolEnvironment,
  options: PoolOptions = {},
): PreprocessingPool {
  const { size, bytesPerHour, mayFill } = checkedOptions(options)
  const held = new Set<Held>()
  let isDisposed = false
  let hour = { began: 0, bytes: 0 }
  const bytesThisHour = (): number => {
    const time = now()
    // Also when the clock was set back.
    if (Math.abs(time - hour.began) >= HOUR_MS) hour = { began: time, bytes: 0 }
    return hour.bytes
  }
  const remove = (unwanted: (entry: Held) => boolean) => {
    for (const entry of [...held].filter(unwanted)) {
      held.delete(entry)
      entry.preprocessed.dispose()
    }
  }
  const takeAll: PreprocessingPool['takeAll'] = (setId, currentDigest, count) => {
    remove((entry) => entry.setId === setId && !equalBytes(entry.otDigest, currentDigest))
    const taken = [...held].filter((entry) => entry.setId === setId).slice(0, count)
    if (taken.length < count) return undefined
    for (const entry of taken) held.delete(entry)
    return taken.map(({ preprocessed }) => preprocessed)
  }
  return {
    size,
    epoch,
    filling: new Set(),
    get isDisposed() {
      return isDisposed
    },
    mayFill() {
      try {
        if (isDisposed || bytesThisHour() + FILL_BYTES > bytesPerHour) return false
        const allowed: unknown = mayFill()
        // A promise does not count as true; its rejection is reported.
        Promise.resolve(allowed).catch(onError)
        return allowed === true
      } catch (error) {
        onError(error)
        return false
      }
    },
    count: (setId) => [...held].filter((entry) => entry.setId === setId).length,
    add(setId, otDigest, preprocessed) {
      // This comes first, so that a failing clock leaves nothing unwiped.
      if (isDisposed) preprocessed.dispose()
      else held.add({ setId, otDigest: otDigest.slice(), preprocessed })
      const bytes = bytesThisHour() + FILL_BYTES
      hour = { ...hour, bytes }
    },
    take: (setId, currentDigest) => takeAll(setId, currentDigest, 1)?.[0],
    takeAll,
    drop: (setId) => remove((entry) => entry.setId === setId),
    dispose() {
      isDisposed = true
      remove(() => true)
    },
  }
}

function checkedOptions(options: PoolOptions): Required<PoolOptions> {
  const { size = DEFAULT_SIZE, bytesPerHour, mayFill } = assertObject(options, 'pool')
  return {
    size: wholeNumber(size, 0, POOL_MAX_SIZE, 'pool.size'),
    bytesPerHour:
      bytesPerHour === undefined
        ? Infinity
        : wholeNumber(bytesPerHour, 0, Number.MAX_SAFE_INTEGER, 'pool.bytesPerHour'),
    mayFill: assertFunction(mayFill, 'pool.mayFill') ?? (() => true),
  }
}
