// @ts-check
// Packs a module into text that lies in a JavaScript string without escapes, and that no gzip makes much smaller: LZ77 with
// the adaptive bits and the range coder of LZMA, whose digits are characters. src/wasm/text.ts reads it with assembly/unpack.
import { CONTEXTS, START, after, copy, literal } from './pack-model.mjs'
import { cheapestSteps, findMatches } from './pack-parse.mjs'

/** Printable ASCII, without what quotes, templates, escapes or HTML give a meaning: 64 characters. */
const DIGITS = String.fromCharCode(...Array.from({ length: 66 }, (_, i) => 61 + i)).replace(/[\\`]/g, '')

/** How often the steps are chosen anew, by what the bits cost in those before. */
const ROUNDS = 3

/** @param {Uint8Array} bytes @returns {string} */
export function packWasm(bytes) {
  const matches = findMatches(bytes)
  let counts = countsOfBits()
  let text = ''
  for (let round = 0; round < ROUNDS; round++) {
    const prices = counts.map(([zeros, ones]) => [Math.log2((zeros + ones) / zeros), Math.log2((zeros + ones) / ones)])
    const steps = cheapestSteps(bytes, matches, (context, bit) => Number(prices[context]?.[bit]))
    const encoder = createEncoder()
    counts = countsOfBits()
    writeSteps(bytes, steps, (context, bit) => {
      const count = /** @type {number[]} */ (counts[context])
      count[bit] = Number(count[bit]) + 1
      encoder.encode(context, bit)
    })
    const packed = encoder.finish()
    if (round === 0 || packed.length < text.length) text = packed
  }
  return text
}

/** @returns {[number, number][]} for each context, how many zeros and ones it has had, with a little of both */
function countsOfBits() {
  return Array.from({ length: CONTEXTS }, () => [0.5, 0.5])
}

/** @param {Uint8Array} bytes @param {readonly import('./pack-model.mjs').Step[]} steps @param {import('./pack-model.mjs').Sink} sink */
function writeSteps(bytes, steps, sink) {
  let state = START
  let at = 0
  for (const step of steps) {
    if (step.length === 0) literal(sink, bytes, at, state)
    else copy(sink, bytes, at, state, step)
    state = after(state, step)
    at += Math.max(step.length, 1)
  }
}

/** The other side of assembly/unpack/decoder.ts. */
function createEncoder() {
  const fast = new Uint16Array(CONTEXTS).fill(0x8000)
  const slow = new Uint16Array(CONTEXTS).fill(0x8000)
  const digits = /** @type {number[]} */ ([])
  let low = 0
  let range = 2 ** 30 - 1
  return { encode, finish }

  /** @param {number} context @param {number} bit */
  function encode(context, bit) {
    const [f, s] = [Number(fast[context]), Number(slow[context])]
    const bound = (range >>> 12) * ((f + s) >>> 5)
    if (bit) {
      range = bound
      fast[context] = f + ((0xffff - f) >> 4)
      slow[context] = s + ((0xffff - s) >> 6)
    } else {
      low += bound
      range -= bound
      fast[context] = f - (f >> 4)
      slow[context] = s - (s >> 6)
    }
    while (range < 2 ** 24) {
      range *= 64
      shift()
    }
  }

  /** Appends the highest six bits of `low`, and carries what is above them. */
  function shift() {
    if (low >= 2 ** 30) {
      low -= 2 ** 30
      let last = digits.length - 1
      for (; digits[last] === 63; last--) digits[last] = 0
      digits[last] = Number(digits[last]) + 1
    }
    digits.push(low >>> 24)
    low = (low & (2 ** 24 - 1)) * 64
  }

  function finish() {
    for (let i = 0; i < 5; i++) shift()
    return Array.from(digits, (digit) => DIGITS.charAt(digit)).join('')
  }
}
