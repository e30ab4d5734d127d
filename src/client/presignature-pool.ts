import type { Presignature } from '../protocol/ecdsa/presignature.ts'
import { equalBytes } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { parameters, wholeNumber } from './arguments.ts'

/** The most presignatures that are held for one key: as many as a server keeps of a set by default. */
export const POOL_MAX_SIZE = 32

/** How many presignatures are held ready for each key that has signed. */
export interface PresignatureOptions {
  /** How many a refill goes up to, at most 32. */
  readonly size: number
  /** A refill begins, in the background after a signature, once fewer than this are left: 1 to `size`. */
  readonly refillAt: number
}

interface Held {
  readonly setId: string
  readonly path: string
  /** otDigest of the set-up that it was made with */
  readonly made: Uint8Array
  readonly presignature: Presignature
}

/**
 * A client's presignatures. They live in memory alone, so that neither a restart nor a restored store brings one back,
 * and each is handed out once.
 */
export interface PresignaturePool {
  readonly options: PresignatureOptions | undefined
  /** Which client object they are bound to: below 2^32 */
  readonly incarnation: number
  /** The keys, as set and path, that are being refilled. */
  readonly refilling: Set<string>
  count(setId: string, path: string): number
  /** @param made otDigest of the set-up that it was made with */
  add(setId: string, path: string, made: Uint8Array, presignature: Presignature): void
  /**
   * Takes one out for good.
   *
   * @param current otDigest of the set-up that the store has now: those that were made with another one are wiped
   */
  take(setId: string, path: string, current: Uint8Array): Presignature | undefined
  /** Wipes those of a set. */
  drop(setId: string): void
}

/**
 * Makes an empty pool.
 *
 * @throws {TypeError | RangeError} for options that make no sense
 */
export function createPresignaturePool(
  random: RandomSource,
  options: PresignatureOptions | undefined,
): PresignaturePool {
  const held = new Set<Held>()
  const remove = (unwanted: (entry: Held) => boolean) => {
    for (const entry of [...held].filter(unwanted)) {
      held.delete(entry)
      entry.presignature.dispose()
    }
  }
  return {
    options: options && checkedOptions(options),
    incarnation: new DataView(random(4).slice().buffer).getUint32(0),
    refilling: new Set(),
    count: (setId, path) => [...held].filter((entry) => entry.setId === setId && entry.path === path).length,
    add(setId, path, made, presignature) {
      held.add({ setId, path, made: made.slice(), presignature })
    },
    take(setId, path, current) {
      remove((entry) => entry.setId === setId && !equalBytes(entry.made, current))
      for (const entry of held) {
        if (entry.setId !== setId || entry.path !== path) continue
        held.delete(entry)
        return entry.presignature
      }
      return undefined
    },
    drop: (setId) => remove((entry) => entry.setId === setId),
  }
}

function checkedOptions(options: PresignatureOptions): PresignatureOptions {
  const size = wholeNumber(parameters(options, 'presignatures').size, 1, POOL_MAX_SIZE, 'presignatures.size')
  return { size, refillAt: wholeNumber(options.refillAt, 1, size, 'presignatures.refillAt') }
}
