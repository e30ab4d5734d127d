import { EXTENSION_BYTES, PRODUCT_BYTES } from '../protocol/ecdsa/ot/parameters.ts'
import type { Preprocessed } from '../protocol/ecdsa/signing/preprocessed.ts'
import { equalBytes } from '../util/bytes.ts'
import { assertFunction, assertObject, wholeNumber } from './arguments.ts'

/** The most preprocessings that are held for one set: as many as a server keeps of it by default. */
export const POOL_MAX_SIZE = 32

const DEFAULT_SIZE = 2

/** About what one takes on the network: both directions, with headers. */
const FILL_BYTES = 2 * (EXTENSION_BYTES + PRODUCT_BYTES) + 2_000

const HOUR_MS = 60 * 60_000

/** How many preprocessed multiplications are held ready for each set that signs by ECDSA, and what making them may take. */
export interface PoolOptions {
  /** How many are made ready, in the background after a signature: 0 (none) to 32. Default: 2. */
  readonly size?: number
  /** How many bytes that may send and receive in an hour; each takes about 183,000. Default: any number. */
  readonly bytesPerHour?: number
  /** Asked before each is made in the background: `false` on a metered connection, say. Default: always `true`. */
  readonly mayFill?: () => boolean
}

interface Held {
  readonly setId: string
  /** otDigest of the setup that it was made with */
  readonly made: Uint8Array
  readonly preprocessed: Preprocessed
}

/**
 * A client's preprocessings. They live in memory alone, so that neither a restart nor a restored store brings one back,
 * and each is handed out once.
 */
export interface PreprocessingPool {
  /** How many are made ready for each set. */
  readonly size: number
  /** Which client object they are bound to: below 2^32 */
  readonly epoch: number
  /** The sets for which some are being made in the background. */
  readonly filling: Set<string>
  /** Whether {@link dispose} was called: nothing is held any more. */
  readonly isDisposed: boolean
  /** Whether one may be made in the background now. */
  mayFill(): boolean
  count(setId: string): number
  /** @param made otDigest of the setup that it was made with */
  add(setId: string, made: Uint8Array, preprocessed: Preprocessed): void
  /**
   * Takes one out for good.
   *
   * @param current otDigest of the setup that the store has now: those that were made with another one are wiped
   */
  take(setId: string, current: Uint8Array): Preprocessed | undefined
  /** Wipes those of a set. */
  drop(setId: string): void
  /** Wipes all, and those that are being made. */
  dispose(): void
}

/** What a pool has of its client. */
export interface PoolSurroundings {
  readonly epoch: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of what `mayFill`, or the clock before it, fails with. Never throws. */
  readonly onError: (error: unknown) => void
}

/**
 * Makes an empty pool.
 *
 * @throws {TypeError | RangeError} for options that make no sense
 */
export function createPreprocessingPool(
  { epoch, now, onError }: PoolSurroundings,
  options: PoolOptions = {},
): PreprocessingPool {
  const { size, bytesPerHour, mayFill } = checkedOptions(options)
  const held = new Set<Held>()
  let isDisposed = false
  let hour = { began: 0, bytes: 0 }
  const bytesThisHour = (): number => {
    const time = now()
    // Also where the clock was set back.
    if (Math.abs(time - hour.began) >= HOUR_MS) hour = { began: time, bytes: 0 }
    return hour.bytes
  }
  const remove = (unwanted: (entry: Held) => boolean) => {
    for (const entry of [...held].filter(unwanted)) {
      held.delete(entry)
      entry.preprocessed.dispose()
    }
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
        // A promise is no yes, and what it rejects with is told.
        Promise.resolve(allowed).catch(onError)
        return allowed === true
      } catch (error) {
        onError(error)
        return false
      }
    },
    count: (setId) => [...held].filter((entry) => entry.setId === setId).length,
    add(setId, made, preprocessed) {
      // First of all: a clock that fails loses none of them unwiped.
      if (isDisposed) preprocessed.dispose()
      else held.add({ setId, made: made.slice(), preprocessed })
      const bytes = bytesThisHour() + FILL_BYTES
      hour = { ...hour, bytes }
    },
    take(setId, current) {
      remove((entry) => entry.setId === setId && !equalBytes(entry.made, current))
      for (const entry of held) {
        if (entry.setId !== setId) continue
        held.delete(entry)
        return entry.preprocessed
      }
      return undefined
    },
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
