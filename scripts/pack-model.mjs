// @ts-check
// How assembly/unpack reads a packed module: as steps, each of which is some bits, each with a context whose earlier bits say
// how likely it is. The contexts are those of assembly/unpack/layout.ts.

const KINDS = 0
const REPEATED = KINDS + 2 * 256
const SECOND = REPEATED + 2
const LITERALS = SECOND + 1
const LENGTHS = LITERALS + 8 * 3 * 256
const NUMBER = 32 + 32 * 32
const DISTANCES = LENGTHS + 2 * NUMBER
export const CONTEXTS = DISTANCES + 4 * NUMBER

/**
 * A step: a literal byte (`length` 0), or a copy of `length` bytes from `distance` bytes before.
 *
 * @typedef {{ readonly length: number, readonly distance: number }} Step
 *
 * What the steps before have left: whether the last one was a copy, its distance, and the one before that differed.
 *
 * @typedef {{ readonly copied: 0 | 1, readonly distance: number, readonly other: number }} State
 *
 * @typedef {(context: number, bit: number) => void} Sink
 */

/** @type {State} */
export const START = { copied: 0, distance: 1, other: 1 }

/** @type {Step} */
export const LITERAL = { length: 0, distance: 0 }

/** @param {State} state @param {Step} step @returns {State} what is left by a step */
export function after(state, { length, distance }) {
  if (length === 0) return { ...state, copied: 0 }
  const other = distance === state.distance ? state.other : state.distance
  return { copied: 1, distance, other }
}

/** The bits of a literal. @param {Sink} sink @param {Uint8Array} bytes @param {number} at @param {State} state */
export function literal(sink, bytes, at, { copied, distance }) {
  kind(sink, bytes, at, copied, 0)
  const contexts = LITERALS + 768 * (byteAt(bytes, at - 1) >> 5)
  const byte = byteAt(bytes, at) | 256
  let expected = byteAt(bytes, at - distance)
  let asExpected = copied << 8
  for (let i = 7; i >= 0; i--) {
    expected <<= 1
    const next = expected & asExpected
    const bit = (byte >> i) & 1
    sink(contexts + asExpected + next + (byte >> (i + 1)), bit)
    asExpected &= bit ? next : ~next
  }
}

/**
 * The bits of a copy.
 *
 * @param {Sink} sink
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {State} state
 * @param {Step} step
 */
export function copy(sink, bytes, at, state, { length, distance }) {
  kind(sink, bytes, at, state.copied, 1)
  const isLast = distance === state.distance
  const isRepeated = isLast || distance === state.other
  sink(REPEATED + state.copied, Number(isRepeated))
  if (isRepeated) {
    sink(SECOND, Number(!isLast))
    number(sink, LENGTHS + NUMBER, length)
  } else {
    number(sink, LENGTHS, length - 1)
    number(sink, DISTANCES + NUMBER * Math.min(length - 2, 3), distance)
  }
}

/** @param {Sink} sink @param {Uint8Array} bytes @param {number} at @param {0 | 1} copied @param {0 | 1} bit */
function kind(sink, bytes, at, copied, bit) {
  sink(KINDS + (copied << 8) + byteAt(bytes, at - 1), bit)
}

/** @param {Sink} sink @param {number} contexts @param {number} value from 1 on */
function number(sink, contexts, value) {
  const length = 31 - Math.clz32(value)
  const known = 32 | length
  for (let i = 4; i >= 0; i--) sink(contexts + (known >> (i + 1)), (known >> i) & 1)
  for (let i = length - 1; i >= 0; i--) sink(contexts + 32 + (length << 5) + i, (value >> i) & 1)
}

/** Zero before the first. @param {Uint8Array} bytes @param {number} at @returns {number} */
function byteAt(bytes, at) {
  return bytes[at] ?? 0
}
