// @ts-check
// What a signature of two hashes, and what SoftSpokenOT with a larger K would give back in bytes for how much more hashing. Only
// K = 1 is built: the others are counted, at the measured price of a block.
import { systemRandom as random } from '../../dist/util/random.js'
import { wasmEcdsa } from '../../dist/protocol/ecdsa/index.js'
import { digits, quantile, table } from '../support/statistics.mjs'
import { MESSAGE } from '../support/inputs.mjs'
import { compileLanes } from './hashing.mjs'

export const title = 'OT extension'

const [COLUMNS, TRANSFERS, SEED] = [128, 768, 32]
const COLUMN_BYTES = (TRANSFERS + COLUMNS) / 8
const RUNS = 60

/** Blocks of SHA-256 of an item after a context, which fills the blocks before it. @param {number} bytes */
const item = (bytes) => Math.ceil((bytes + 9) / 64)
/** Of a tree of two levels. @param {number} bytes */
const tree = (bytes) => 4 * item(bytes / 4 + 4) + item(4 * 32)

/**
 * Blocks and bytes of one multiplication. A group of K columns has 2^K seeds, which the receiver has all of and the sender all but
 * one; each group sends one string.
 *
 * @param {number} k
 */
function count(k) {
  const groups = COLUMNS / k
  const strings = Math.ceil(COLUMN_BYTES / 32) * item(SEED + 12)
  const u = groups * COLUMN_BYTES
  const expansion = { bob: groups * 2 ** k * strings, alice: groups * (2 ** k - 1) * strings }
  const transcript = tree(u) + (TRANSFERS / COLUMNS) * item(4) + tree(COLUMNS * 16) + item(16)
  const pads = TRANSFERS * 3 * item(16 + 8)
  const response =
    tree(TRANSFERS * 3 * 32) + tree(TRANSFERS * 32) + 2 * item(4) + 2 * item(32) + TRANSFERS * item(4) + item(32)
  return {
    k,
    bytes: u + 16 + COLUMNS * 16,
    state: groups * (2 ** k + 2 ** k - 1) * SEED,
    bob: expansion.bob + transcript + pads + response,
    alice: expansion.alice + transcript + 2 * pads + response,
  }
}

/** Microseconds of a call: the median. @param {() => unknown} work */
function time(work) {
  work()
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now()
    work()
    return 1e3 * (performance.now() - start)
  })
  return quantile(times, 0.5)
}

/** What one of two signers computes with the OT state: it is Bob once and Alice once. */
function measure() {
  const { vole } = wasmEcdsa()
  const [esid, vsid, pairs, delta, choices] = [
    random(32),
    random(32),
    random(256 * SEED),
    random(16),
    random(COLUMN_BYTES),
  ]
  const branch = (/** @type {number} */ i) => 1 ^ (((delta[i >> 3] ?? 0) >> (i & 7)) & 1)
  const seeds = new Uint8Array(COLUMNS * SEED)
  for (let i = 0; i < COLUMNS; i++) {
    const at = SEED * (2 * i + branch(i))
    seeds.set(pairs.subarray(at, at + SEED), SEED * i)
  }
  const inputs = /** @type {any} */ ([1, 2, 3].map(() => random(32).fill(0, 0, 1)))
  const started = vole.start(esid, pairs, choices)
  const product = vole.multiply(esid, vsid, seeds, delta, started.message, inputs)
  if (product === undefined) throw new Error('an honest extension is refused')
  return {
    start: time(() => vole.start(esid, pairs, choices)),
    multiply: time(() => vole.multiply(esid, vsid, seeds, delta, started.message, inputs)),
    finish: time(() => vole.finish(vsid, started, choices, product.response)),
  }
}

export async function run() {
  const lanes = await compileLanes()
  const block = time(() => lanes()) / (MESSAGE.length / 64)
  return { block, measured: measure(), counts: [1, 2, 4].map(count) }
}

/** @param {Awaited<ReturnType<typeof run>>} results */
export function print({ block, measured, counts }) {
  const [first] = /** @type {[ReturnType<typeof count>]} */ (counts)
  const { start, multiply, finish } = measured
  const rows = counts.map(({ k, bytes, state, bob, alice }) => {
    const more = bob + alice - first.bob - first.alice
    const time = start + multiply + finish + more * block
    return [
      `K = ${k}`,
      String(bytes),
      String(first.bytes - bytes),
      String(bob),
      String(alice),
      digits((bob + alice) * block),
      digits(time),
      String(state),
    ]
  })
  const header = ['', 'u, x, t', 'saved', 'blocks, Bob', 'blocks, Alice', 'hashing µs', 'a signer µs', 'seeds']
  const measuredText = `measured, K = 1: start ${digits(start)}, multiply ${digits(multiply)}, finish ${digits(finish)} µs; a block ${digits(1e3 * block)} ns`
  return `${table([header, ...rows])}\n${measuredText}`
}
