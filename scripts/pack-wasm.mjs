// @ts-check
// Packs a module into text: LZ77 and Huffman codes as deflate has them, but with no limit to distances, and with tables for
// what comes after each opcode of WebAssembly. src/wasm/text.ts reads it with assembly/unpack.
import { codeLengths, codesOf } from './pack/huffman.mjs'
import {
  CONTEXTS,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLES,
  LONGEST_CODE,
  OPERANDS,
  STEP_SYMBOLS,
  bucketOf,
  contextsOf,
  distanceTable,
} from './pack/model.mjs'
import { cheapestSteps, distanceSymbol, findMatches } from './pack/steps.mjs'
import { tablesFor } from './pack/tables.mjs'
import { createBits } from './pack/text.mjs'

/** How often the steps are chosen anew, by what symbols cost in those before. */
const ROUNDS = 4
/** Tables of steps. Their numbers are in a list. */
const MOST_TABLES = 14
/** What a symbol without a code would cost. */
const UNKNOWN_BITS = LONGEST_CODE + 2

/** @param {Uint8Array} bytes @returns {string} */
export function packWasm(bytes) {
  const matches = findMatches(bytes)
  const contexts = contextsOf(bytes)
  let prices = /** @type {import('./pack/steps.mjs').Prices} */ ({ step: () => 7, distance: () => 5 })
  let best = ''
  for (let round = 0; round < ROUNDS; round++) {
    const symbols = symbolsOf(bytes, cheapestSteps(bytes, matches, prices))
    const { tableOf, stepLengths, distanceLengths } = codesFor(symbols, contexts)
    const text = write(symbols, contexts, { tableOf, stepLengths, distanceLengths })
    if (round === 0 || text.length < best.length) best = text
    prices = {
      step: (at, symbol) => stepLengths[Number(tableOf[Number(contexts[at])])]?.[symbol] || UNKNOWN_BITS,
      distance: (table, symbol) => distanceLengths[table]?.[symbol] || UNKNOWN_BITS,
    }
  }
  return best
}

/**
 * A symbol, and bits that follow it.
 *
 * @typedef {{ readonly symbol: number, readonly bits: number, readonly rest: number }} Symbol
 *
 * A step as symbols: a byte, or a length and, by the table of its number, a distance.
 *
 * @typedef {{ readonly at: number, readonly first: Symbol, readonly distance?: Symbol & { readonly table: number } }} StepSymbols
 *
 * The lengths of all codes, and the table of each context.
 *
 * @typedef {{ readonly tableOf: Uint8Array, readonly stepLengths: Uint8Array[], readonly distanceLengths: Uint8Array[] }} Codes
 */

/** @param {Uint8Array} bytes @param {readonly import('./pack/steps.mjs').Step[]} steps @returns {StepSymbols[]} */
function symbolsOf(bytes, steps) {
  let [last, other] = [1, 1]
  return steps.map(({ at, length, distance }) => {
    if (length === 0) return { at, first: { symbol: Number(bytes[at]), bits: 0, rest: 0 } }
    const { symbol, bits, rest } = bucketOf(length)
    const ofDistance = distanceSymbol(distance, last, other)
    if (distance !== last) [last, other] = [distance, last]
    const first = { symbol: 256 + symbol, bits, rest }
    return { at, first, distance: { ...ofDistance, table: distanceTable(length) } }
  })
}

/** @param {readonly StepSymbols[]} steps @param {Uint16Array} contexts @returns {Codes} */
function codesFor(steps, contexts) {
  const stepCounts = Array.from({ length: CONTEXTS }, () => new Uint32Array(STEP_SYMBOLS))
  const distanceCounts = Array.from({ length: DISTANCE_TABLES }, () => new Uint32Array(DISTANCE_SYMBOLS))
  const count = (/** @type {Uint32Array | undefined} */ counts, /** @type {number} */ symbol) => {
    if (counts !== undefined) counts[symbol] = Number(counts[symbol]) + 1
  }
  for (const { at, first, distance } of steps) {
    count(stepCounts[Number(contexts[at])], first.symbol)
    if (distance !== undefined) count(distanceCounts[distance.table], distance.symbol)
  }
  const tables = tablesFor(stepCounts, MOST_TABLES)
  const tableOf = new Uint8Array(CONTEXTS)
  for (const [table, { contexts }] of tables.entries()) for (const context of contexts) tableOf[context] = table
  const lengthsOf = (/** @type {ArrayLike<number>} */ counts) => codeLengths(counts, LONGEST_CODE)
  return {
    tableOf,
    stepLengths: tables.map(({ counts }) => lengthsOf(counts)),
    distanceLengths: distanceCounts.map(lengthsOf),
  }
}

/** @param {readonly StepSymbols[]} steps @param {Uint16Array} contexts @param {Codes} codes */
function write(steps, contexts, { tableOf, stepLengths, distanceLengths }) {
  const bits = createBits()
  bits.write(stepLengths.length, 4)
  bits.list([...OPERANDS, ...tableOf, ...[...stepLengths, ...distanceLengths].flatMap((lengths) => [...lengths])])
  const stepCodes = stepLengths.map(codesOf)
  const distanceCodes = distanceLengths.map(codesOf)
  const writeSymbol = (
    /** @type {Symbol} */ { symbol, bits: more, rest },
    /** @type {Uint8Array | undefined} */ lengths,
    /** @type {number[] | undefined} */ codes,
  ) => {
    bits.write(Number(codes?.[symbol]), Number(lengths?.[symbol]))
    bits.write(rest, more)
  }
  for (const { at, first, distance } of steps) {
    const table = Number(tableOf[Number(contexts[at])])
    writeSymbol(first, stepLengths[table], stepCodes[table])
    if (distance !== undefined) writeSymbol(distance, distanceLengths[distance.table], distanceCodes[distance.table])
  }
  return bits.finish()
}
