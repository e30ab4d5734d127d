// @ts-check
// Which steps pack bytes best, where the price of every symbol is known: the cheapest way through all positions.
import { LONGEST_COPY, bucketOf, distanceTable } from './model.mjs'

/**
 * A step: a literal byte (`length` 0), or a copy of `length` bytes from `distance` bytes before.
 *
 * @typedef {{ readonly at: number, readonly length: number, readonly distance: number }} Step
 *
 * @typedef {{ readonly length: number, readonly distance: number }} Match
 *
 * Prices in bits.
 *
 * @typedef {object} Prices
 * @property {(at: number, symbol: number) => number} step of a symbol that begins a step at a position
 * @property {(table: number, symbol: number) => number} distance
 */

/** A copy is also tried shorter than it could be, if it is at most this long then. */
const SHORTER = 24

/** The symbol of a distance, after the last one and the one before that differed. @param {number} distance @param {number} last @param {number} other */
export function distanceSymbol(distance, last, other) {
  if (distance === last) return { symbol: 0, bits: 0, rest: 0 }
  if (distance === other) return { symbol: 1, bits: 0, rest: 0 }
  const { symbol, bits, rest } = bucketOf(distance)
  return { symbol: 2 + symbol, bits, rest }
}

/** @param {Uint8Array} bytes @param {readonly (readonly Match[])[]} matches @param {Prices} prices @returns {Step[]} */
export function cheapestSteps(bytes, matches, prices) {
  /** How each position is reached, with the last distances there. */
  const ways = Array.from({ length: bytes.length + 1 }, () => ({
    cost: Infinity,
    step: /** @type {Step} */ ({ at: 0, length: 0, distance: 0 }),
    last: 1,
    other: 1,
  }))
  const way = (/** @type {number} */ at) => /** @type {(typeof ways)[number]} */ (ways[at])
  way(0).cost = 0
  for (let at = 0; at < bytes.length; at++) {
    const { cost, last, other } = way(at)
    const literal = cost + prices.step(at, Number(bytes[at]))
    if (literal < way(at + 1).cost) {
      ways[at + 1] = { cost: literal, step: { at, length: 0, distance: 0 }, last, other }
    }
    for (const distance of new Set([last, other])) {
      tryLengths(at, 1, { length: matchLength(bytes, at, distance), distance })
    }
    // For each length, the nearest.
    let shortest = 2
    for (const match of matches[at] ?? []) {
      tryLengths(at, shortest, match)
      shortest = match.length + 1
    }
  }
  const steps = []
  for (let at = bytes.length; at > 0; at = way(at).step.at) steps.push(way(at).step)
  return steps.reverse()

  /** @param {number} at @param {number} shortest @param {Match} longest */
  function tryLengths(at, shortest, { length: longest, distance }) {
    if (longest >= shortest) tryCopy(at, longest, distance)
    for (let length = Math.min(longest - 1, SHORTER); length >= shortest; length--) tryCopy(at, length, distance)
  }

  /** @param {number} at @param {number} length @param {number} distance */
  function tryCopy(at, length, distance) {
    const { cost, last, other } = way(at)
    const ofLength = bucketOf(length)
    const ofDistance = distanceSymbol(distance, last, other)
    const total =
      cost +
      prices.step(at, 256 + ofLength.symbol) +
      ofLength.bits +
      prices.distance(distanceTable(length), ofDistance.symbol) +
      ofDistance.bits
    if (total >= way(at + length).cost) return
    const step = { at, length, distance }
    ways[at + length] = { cost: total, step, last: distance, other: distance === last ? other : last }
  }
}

/** For every position the copies that are longer than any with a smaller distance, by length. @param {Uint8Array} bytes */
export function findMatches(bytes) {
  /** By two bytes: the last position that has them. */
  const last = new Int32Array(65536).fill(-1)
  const before = new Int32Array(bytes.length)
  return Array.from(bytes, (byte, at) => {
    const found = /** @type {Match[]} */ ([])
    if (at + 1 === bytes.length) return found
    const pair = (byte << 8) | Number(bytes[at + 1])
    let longest = 1
    for (let from = Number(last[pair]); from >= 0 && longest < LONGEST_COPY; from = Number(before[from])) {
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
  const most = Math.min(LONGEST_COPY, bytes.length - at)
  let length = 0
  while (length < most && bytes[at + length] === bytes[at + length - distance]) length++
  return length
}
