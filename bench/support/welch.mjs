// @ts-check
// Welch's t-test between the times of two classes of secrets, as dudect does it (Reparaz, Balasch, Verbauwhede, Dude, is
// my code constant time?, DATE 2017): classes at random, and the slow tail cropped, where interrupts are.
import { quantile } from './statistics.mjs'

/** The parts of the samples that are kept; the largest |t| of all counts. */
const CROPS = [1, 0.99, 0.95, 0.9, 0.75, 0.5]

/**
 * A secret of either class, and what is done with it.
 *
 * @typedef {object} Subject
 * @property {string} name
 * @property {boolean} leaks whether it is built to leak, to show that a leak is seen
 * @property {(isFixed: boolean) => () => unknown} prepare makes the inputs, alike for both classes; only what it returns
 *   is timed
 */

/**
 * @param {Subject} subject
 * @param {number} runs of both classes together
 */
export function welch({ name, leaks, prepare }, runs) {
  const classes = globalThis.crypto.getRandomValues(new Uint8Array(runs))
  const times = new Float64Array(runs)
  for (let i = 0; i < runs; i++) {
    const work = prepare(isFixed(classes, i))
    const start = performance.now()
    work()
    times[i] = (performance.now() - start) * 1e3
  }
  // The engine was still compiling in the first quarter.
  const from = runs >> 2
  const kept = Array.from(times.subarray(from))
  const [fixed, random] = [true, false].map((wanted) => kept.filter((_, i) => isFixed(classes, from + i) === wanted))
  const tests = CROPS.map((share) => {
    const limit = share === 1 ? Infinity : quantile(kept, share)
    const [a, b] = [fixed ?? [], random ?? []].map((values) => moments(values.filter((time) => time <= limit)))
    return a === undefined || b === undefined ? 0 : statistic(a, b)
  })
  const t = tests.reduce((worst, value) => (Math.abs(value) > Math.abs(worst) ? value : worst), 0)
  return { name, leaks, t, runs: kept.length, median: quantile(kept, 0.5) }
}

/** @param {Uint8Array} classes @param {number} i */
const isFixed = (classes, i) => ((classes[i] ?? 0) & 1) === 1

/** @param {readonly number[]} values */
function moments(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: squares / (values.length - 1) / values.length }
}

/** @param {ReturnType<typeof moments>} a @param {ReturnType<typeof moments>} b */
const statistic = (a, b) => (a.mean - b.mean) / Math.sqrt(a.error + b.error)
