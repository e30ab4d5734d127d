// @ts-check
// Which steps pack bytes best, where the price of every bit is known: the cheapest way through all positions.
import { LITERAL, START, after, copy, literal } from './pack-model.mjs'

/** The longest copy. */
const LONGEST = 256
/** A copy is also tried shorter than it could be, if it is at most this long then. */
const SHORTER = 24

/**
 * @param {Uint8Array} bytes
 * @param {ReturnType<typeof findMatches>} matches
 * @param {(context: number, bit: number) => number} price of a bit
 * @returns {import('./pack-model.mjs').Step[]}
 */
export function cheapestSteps(bytes, matches, price) {
  /** @type {{ cost: number, from: number, step: import('./pack-model.mjs').Step, state: import('./pack-model.mjs').State }[]} */
  const ways = Array.from({ length: bytes.length + 1 }, () => ({
    cost: Infinity,
    from: 0,
    step: LITERAL,
    state: START,
  }))
  const way = (/** @type {number} */ at) => /** @type {(typeof ways)[number]} */ (ways[at])
  way(0).cost = 0
  const costOf = priceCopies(bytes, price)
  for (let at = 0; at < bytes.length; at++) {
    const { state, cost } = way(at)
    let literalCost = 0
    literal((context, bit) => (literalCost += price(context, bit)), bytes, at, state)
    reach(at, LITERAL, state, cost + literalCost)
    for (const distance of new Set([state.distance, state.other])) {
      tryLengths(at, 1, { length: matchLength(bytes, at, distance), distance })
    }
    // For each length, the nearest.
    let shortest = 2
    for (const match of matches[at] ?? []) {
      tryLengths(at, shortest, match)
      shortest = match.length + 1
    }
  }
  return walkBack()

  /** @param {number} at @param {number} shortest @param {import('./pack-model.mjs').Step} longest */
  function tryLengths(at, shortest, longest) {
    if (longest.length >= shortest) tryCopy(at, longest)
    for (let length = Math.min(longest.length - 1, SHORTER); length >= shortest; length--) {
      tryCopy(at, { length, distance: longest.distance })
    }
  }

  /** @param {number} at @param {import('./pack-model.mjs').Step} step */
  function tryCopy(at, step) {
    const { state, cost } = way(at)
    const total = cost + costOf(at, state, step)
    if (total < way(at + step.length).cost) reach(at, step, state, total)
  }

  /** @param {number} from @param {import('./pack-model.mjs').Step} step @param {import('./pack-model.mjs').State} state @param {number} cost */
  function reach(from, step, state, cost) {
    const to = from + Math.max(step.length, 1)
    if (cost < way(to).cost) ways[to] = { cost, from, step, state: after(state, step) }
  }

  function walkBack() {
    const steps = []
    for (let at = bytes.length; at > 0; at = way(at).from) steps.push(way(at).step)
    return steps.reverse()
  }
}

/**
 * What copies cost. A price depends on little besides length and distance, so that it is kept.
 *
 * @param {Uint8Array} bytes
 * @param {(context: number, bit: number) => number} price
 */
function priceCopies(bytes, price) {
  const known = /** @type {Map<number, number>} */ (new Map())
  return (
    /** @type {number} */ at,
    /** @type {import('./pack-model.mjs').State} */ state,
    /** @type {import('./pack-model.mjs').Step} */ step,
  ) => {
    const which = step.distance === state.distance ? 0 : step.distance === state.other ? 1 : step.distance + 1
    const key = ((which * (LONGEST + 1) + step.length) * 256 + (bytes[at - 1] ?? 0)) * 2 + state.copied
    let cost = known.get(key)
    if (cost !== undefined) return cost
    cost = 0
    copy((context, bit) => (cost = /** @type {number} */ (cost) + price(context, bit)), bytes, at, state, step)
    known.set(key, cost)
    return cost
  }
}

/**
 * For every position the copies that are longer than any with a smaller distance, by length.
 *
 * @param {Uint8Array} bytes
 */
export function findMatches(bytes) {
  /** By two bytes: the last position that has them. */
  const last = new Int32Array(65536).fill(-1)
  const before = new Int32Array(bytes.length)
  return Array.from(bytes, (byte, at) => {
    const found = /** @type {import('./pack-model.mjs').Step[]} */ ([])
    if (at + 1 === bytes.length) return found
    const pair = (byte << 8) | Number(bytes[at + 1])
    let longest = 1
    for (let from = Number(last[pair]); from >= 0 && longest < LONGEST; from = Number(before[from])) {
      if (bytes[from + longest] !== bytes[at + longest]) continue
      const length = matchLength(bytes, at, at - from)
      if (length > longest) found.push({ length, distance: at - from })
      longest = Math.max(length, longest)
    }
    before[at] = Number(last[pair])
    last[pair] = at
    return found
  })
}

/** How many bytes are as those before by a distance. @param {Uint8Array} bytes @param {number} at @param {number} distance */
function matchLength(bytes, at, distance) {
  if (distance > at) return 0
  const most = Math.min(LONGEST, bytes.length - at)
  let length = 0
  while (length < most && bytes[at + length] === bytes[at + length - distance]) length++
  return length
}
