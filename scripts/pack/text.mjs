// @ts-check
// Bits as text that lies in a JavaScript string without escapes, and that no gzip makes much smaller.
import { codeLengths, codesOf } from './huffman.mjs'
import { LONGEST_CODE } from './model.mjs'

/** Printable ASCII, without what quotes, templates, escapes or HTML give a meaning: 64 characters. */
const DIGITS = String.fromCharCode(...Array.from({ length: 66 }, (_, i) => 61 + i)).replace(/[\\`]/g, '')

/** The longest code in the table of a list. */
const LONGEST_IN_LIST = 7
/** Values of a list; those above are runs of zeros. */
const LIST_VALUES = 14
const SHORT_RUN = { symbol: 14, least: 3, bits: 3 }
const LONG_RUN = { symbol: 15, least: 11, bits: 7 }

/** Writes bits, the highest first, of which each character has six. */
export function createBits() {
  let text = ''
  let pending = 0
  let length = 0
  return { write, list, finish }

  /** @param {number} value @param {number} bits */
  function write(value, bits) {
    for (let i = bits - 1; i >= 0; i--) {
      pending = (pending << 1) | ((value >> i) & 1)
      if (++length < 6) continue
      text += DIGITS.charAt(pending)
      pending = length = 0
    }
  }

  /** Writes numbers below 14, of which many are 0: the lengths of 16 codes in 3 bits each, then these codes. @param {ArrayLike<number>} values */
  function list(values) {
    const symbols = symbolsOf(values)
    const counts = new Array(16).fill(0)
    for (const { symbol } of symbols) counts[symbol]++
    const lengths = codeLengths(counts, LONGEST_IN_LIST)
    const codes = codesOf(lengths)
    for (const own of lengths) write(own, 3)
    for (const { symbol, rest, bits } of symbols) {
      write(Number(codes[symbol]), Number(lengths[symbol]))
      write(rest, bits)
    }
  }

  /** Ends with bits that nothing uses: the last code too is looked up by as many bits as the longest one has. */
  function finish() {
    write(0, LONGEST_CODE)
    write(0, (6 - length) % 6)
    return text
  }
}

/** @param {ArrayLike<number>} values */
function symbolsOf(values) {
  const symbols = []
  for (let at = 0; at < values.length;) {
    const value = Number(values[at])
    if (value >= LIST_VALUES) throw new RangeError(`a list has ${value}`)
    let zeros = 0
    while (at + zeros < values.length && values[at + zeros] === 0) zeros++
    const run = zeros >= LONG_RUN.least ? LONG_RUN : SHORT_RUN
    if (zeros < run.least) {
      symbols.push({ symbol: value, rest: 0, bits: 0 })
      at++
    } else {
      const length = Math.min(zeros, run.least + 2 ** run.bits - 1)
      symbols.push({ symbol: run.symbol, rest: length - run.least, bits: run.bits })
      at += length
    }
  }
  return symbols
}
