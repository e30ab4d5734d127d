// @ts-check
import { MpcError } from 'reshare'
import { Ended } from './device.mjs'
import { describe } from './failures.mjs'
import { add, createHistogram } from './histogram.mjs'

/** What a failed action is counted under when its device's process was ended on purpose. */
export const ENDED = 'device ended'
/** Begins what is no error of the package's own: nothing that an app could be told what to do about. */
export const UNDOCUMENTED = 'undocumented: '

/**
 * @typedef {object} Counted
 * @property {import('./histogram.mjs').Histogram} times milliseconds, of what succeeded
 * @property {Record<string, number>} errors by code
 */

/** Counts what is done: how long it took, or what it failed with. */
export function createTally() {
  /** @type {Record<string, Counted>} */
  let counts = {}
  const of = (/** @type {string} */ name) => (counts[name] ??= { times: createHistogram(), errors: {} })
  return {
    /** @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>} */
    async timed(name, work) {
      const start = performance.now()
      try {
        const result = await work()
        add(of(name).times, performance.now() - start)
        return result
      } catch (error) {
        const { errors } = of(name)
        const code = codeOf(error)
        errors[code] = (errors[code] ?? 0) + 1
        throw error
      }
    },
    note: (/** @type {string} */ name, /** @type {number} */ milliseconds) => add(of(name).times, milliseconds),
    take() {
      const taken = counts
      counts = {}
      return taken
    },
  }
}

/** @param {unknown} error */
export function codeOf(error) {
  if (error instanceof Ended || (error instanceof MpcError && error.cause instanceof Ended)) return ENDED
  return error instanceof MpcError ? error.code : UNDOCUMENTED + describe(error)
}
