import { bit, concat, range, short, signHash, toNumber, tree, u32, unhex, xor } from './hashing.ts'

// The OT extension of docs/ecdsa.md: 128 columns, each hashed for the check as an element of GF(2^128) at a time.

const KEY = 32

/** An element of GF(2^128): bit k is the coefficient of x^k. */
function element(bits: Uint8Array): bigint {
  return toNumber(bits.slice().reverse())
}

function elementBytes(value: bigint): Uint8Array {
  return unhex(value.toString(16).padStart(32, '0')).reverse()
}

/** The product modulo x^128 + x^7 + x^2 + x + 1. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n
  for (let k = 0n; k < 128n; k++) if ((b >> k) & 1n) product ^= a << k
  for (let k = 254n; k >= 128n; k--) if ((product >> k) & 1n) product ^= (0x87n | (1n << 128n)) << (k - 128n)
  return product
}

/** mask ⊕ Σ χ_j·block_j of one column. */
function hashColumn(column: Uint8Array, challenges: readonly Uint8Array[]): Uint8Array {
  const blocks = range(challenges.length).map((j) => element(column.subarray(16 * j, 16 * (j + 1))))
  const mask = element(column.subarray(16 * challenges.length))
  return elementBytes(blocks.reduce((sum, block, j) => sum ^ multiply(element(challenges[j]!), block), mask))
}

/** Expands the seed of branch b of column i to the length of a column. */
function expand(esid: Uint8Array, seed: Uint8Array, i: number, b: number, transfers: number): Uint8Array {
  const length = (transfers + 128) / 8
  const blocks = range(Math.ceil(length / 32)).map((counter) =>
    short(signHash, 'ote-prg', esid, concat(seed, u32(i), u32(b), u32(counter))),
  )
  return concat(...blocks).slice(0, length)
}

/** χ_j, one for every 128 transfers. */
export function challengesOf(esid: Uint8Array, u: Uint8Array, transfers: number): Uint8Array[] {
  const digest = tree(signHash, 'ote-u', esid, u)
  return range(transfers / 128).map((j) => short(signHash, 'ote-chi', digest, u32(j)).slice(0, 16))
}

/** Row j: bit j of every column. */
function rowsOf(columns: readonly Uint8Array[], transfers: number): Uint8Array[] {
  return range(transfers).map((j) => {
    const row = new Uint8Array(16)
    columns.forEach((column, i) => (row[i >> 3]! |= bit(column, j) << (i & 7)))
    return row
  })
}

/** u, x and t of a message. */
export function splitMessage(message: Uint8Array, transfers: number): { u: Uint8Array; x: Uint8Array; t: Uint8Array } {
  const end = 16 * (transfers + 128)
  return { u: message.subarray(0, end), x: message.subarray(end, end + 16), t: message.subarray(end + 16) }
}

/** The message u ‖ x ‖ t of the receiver, who knows 128 pairs of seeds, and its rows. */
export function extend(esid: Uint8Array, pairs: Uint8Array, choices: Uint8Array, transfers: number) {
  const seed = (at: number) => pairs.subarray(KEY * at, KEY * (at + 1))
  const zeros = range(128).map((i) => expand(esid, seed(2 * i), i, 0, transfers))
  const ones = range(128).map((i) => expand(esid, seed(2 * i + 1), i, 1, transfers))
  const u = concat(...zeros.map((zero, i) => xor(xor(choices, zero), ones[i]!)))
  const challenges = challengesOf(esid, u, transfers)
  const t = ones.map((column) => hashColumn(column, challenges))
  return { message: concat(u, hashColumn(choices, challenges), ...t), rows: rowsOf(ones, transfers) }
}

/** The rows of the sender, who knows the seeds of branch 1 ⊕ Δ_i. */
export function respondToExtension(
  esid: Uint8Array,
  seeds: Uint8Array,
  delta: Uint8Array,
  message: Uint8Array,
  transfers: number,
): Uint8Array[] {
  const { u, x, t } = splitMessage(message, transfers)
  const length = u.length / 128
  const columns = range(128).map((i) => {
    const column = expand(esid, seeds.subarray(KEY * i, KEY * (i + 1)), i, 1 ^ bit(delta, i), transfers)
    return bit(delta, i) === 1 ? xor(column, u.subarray(length * i, length * (i + 1))) : column
  })
  const challenges = challengesOf(esid, u, transfers)
  for (const [i, column] of columns.entries()) {
    const expected = t.slice(16 * i, 16 * (i + 1))
    const right = bit(delta, i) === 1 ? xor(expected, x) : expected
    if (hashColumn(column, challenges).join() !== right.join()) throw new RangeError(`column ${i} does not hash to t`)
  }
  return rowsOf(columns, transfers)
}
