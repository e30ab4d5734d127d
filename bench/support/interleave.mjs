// @ts-check
import { summary } from './statistics.mjs'

/**
 * One who does an operation.
 *
 * @typedef {object} Contestant
 * @property {string} by
 * @property {(count: number) => number | Promise<number>} turn does it `count` times and gives the nanoseconds of all
 * @property {number} [elements] how many results each time has, 1 unless it is a batch
 */

/**
 * How long everything takes.
 *
 * @typedef {object} Pace
 * @property {number} rounds how many turns of everyone count
 * @property {number} unrecorded how many go before them: on a busy machine the engine optimises late
 * @property {number} turn what a turn takes at least, in milliseconds: many ticks of the clock
 * @property {number} warmUp what the first turn takes, in milliseconds: until the engine has compiled the loop
 */

/**
 * Turns long enough that what the others left in the caches does not matter, and short enough that on a busy machine most
 * end before somebody else gets the processor.
 *
 * @type {Pace}
 */
export const NODE_PACE = { rounds: 51, unrecorded: 10, turn: 3, warmUp: 60 }

/** Where a result goes, so that no engine may leave out the work. @type {{ value: unknown }} */
const sink = { value: undefined }

/**
 * A turn that calls a function with 0, 1, 2, …
 *
 * @param {(i: number) => unknown} work
 * @returns {Contestant['turn']}
 */
export function loop(work) {
  return (count) => {
    const start = performance.now()
    for (let i = 0; i < count; i++) sink.value = work(i)
    return (performance.now() - start) * 1e6
  }
}

/**
 * The same for a function that is only to be had asynchronously: every call is waited for.
 *
 * @param {(i: number) => Promise<unknown>} work
 * @returns {(count: number) => Promise<number>}
 */
export function asyncLoop(work) {
  return async (count) => {
    const start = performance.now()
    for (let i = 0; i < count; i++) sink.value = await work(i)
    return (performance.now() - start) * 1e6
  }
}

/**
 * Lets contestants take short turns, in another order every round, so that whatever the machine does meanwhile happens to
 * all of them. tinybench runs one task to its end before the next, so that drift would end up in the ratios; it is used
 * where there is one subject only (groups/latency.mjs).
 *
 * @param {readonly Contestant[]} contestants
 * @param {Pace} pace
 * @returns {Promise<number[][]>} nanoseconds per operation of every contestant, a sample a round
 */
export async function interleave(contestants, pace) {
  const counts = []
  for (const contestant of contestants) counts.push(await calibrate(contestant, pace))
  const samples = contestants.map(() => /** @type {number[]} */ ([]))
  for (let round = -pace.unrecorded; round < pace.rounds; round++) {
    for (let place = 0; place < contestants.length; place++) {
      const at = (place + round + pace.unrecorded) % contestants.length
      const { turn, elements = 1 } = /** @type {Contestant} */ (contestants[at])
      const count = /** @type {number} */ (counts[at])
      const time = (await turn(count)) / (count * elements)
      if (round >= 0) samples[at]?.push(time)
    }
  }
  return samples
}

/** How many times make a turn of the wanted length. @param {Contestant} contestant @param {Pace} pace */
async function calibrate({ turn }, pace) {
  let count = 1
  let spent = 0
  for (;;) {
    const time = (await turn(count)) / 1e6
    spent += time
    // The later half of the warm-up decides.
    if (time >= pace.turn && spent >= pace.warmUp) return Math.max(1, Math.ceil((count * pace.turn) / time))
    if (time < Math.max(pace.turn, pace.warmUp / 4)) count *= 2
  }
}

/**
 * Times of everyone, and ratios to the first one: taken round by round, so that they are of turns close to each other.
 *
 * @param {readonly Contestant[]} contestants
 * @param {readonly (readonly number[])[]} samples
 */
export function compare(contestants, samples) {
  const base = /** @type {readonly number[]} */ (samples[0])
  return contestants.map(({ by }, at) => {
    const own = /** @type {readonly number[]} */ (samples[at])
    return { by, time: summary(own), ratio: summary(own.map((time, round) => time / (base[round] ?? time))) }
  })
}

/** @typedef {ReturnType<typeof compare>[number]} Standing `time` in nanoseconds */
