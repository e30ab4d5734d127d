// @ts-check

/**
 * A repeatable stream of numbers from 0 to 1 for what a run tries: mulberry32. Keys never come from it.
 *
 * @param {number} seed 32 bits
 */
export function createRandom(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    /** A whole number below `end`. @param {number} end */
    below: (end) => Math.floor(next() * end),
    /** @template T @param {readonly T[]} list not empty @returns {T} */
    pick: (list) => /** @type {T} */ (list[Math.floor(next() * list.length)]),
    /** One of the names, by weight. @template {string} Name @param {Readonly<Record<Name, number>>} weights @returns {Name} */
    weighted(weights) {
      const entries = /** @type {[Name, number][]} */ (Object.entries(weights))
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [name, weight] of entries) {
        left -= weight
        if (left < 0) return name
      }
      return /** @type {[Name, number]} */ (entries.at(-1))[0]
    },
  }
}

/** @typedef {ReturnType<typeof createRandom>} Random */
