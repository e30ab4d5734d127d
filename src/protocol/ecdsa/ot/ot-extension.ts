import { concatBytes, equalBytes, wipe } from '../../../util/bytes.ts'
import { bit, hashColumnsVar, transpose } from './bit-matrix.ts'
import { COLUMNS, ROW_BYTES, SEED_BYTES } from './parameters.ts'
import { batchHasher, hashQuarters, u32 } from './tagged-batch.ts'

// The OT extension on the portable backend: SoftSpokenOT (eprint 2022/192) with K = 1. That is KOS with a corrected check:
// every column is hashed over GF(2^128), with challenges that depend on all of u (Fiat–Shamir).

type Hash = (item: Uint8Array) => Uint8Array

const count = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** Length in bytes of a column: one bit for each transfer, and 128 bits that mask the check. */
function columnBytesOf(transfers: number): number {
  return (transfers + COLUMNS) / 8
}

/** PRG(vsid, i, b): hashes of the seed, the column, the branch and a counter, cut to `length` bytes. */
function expand(hash: Hash, seed: Uint8Array, column: number, branch: number, length: number): Uint8Array {
  const blocks = count(Math.ceil(length / 32)).map((counter) =>
    hash(concatBytes(seed, u32(column), u32(branch), u32(counter))),
  )
  return concatBytes(...blocks).slice(0, length)
}

function deriveChallenges(vsid: Uint8Array, u: Uint8Array, transfers: number): Uint8Array[] {
  const hash = batchHasher('ote-chi', hashQuarters('ote-u', vsid, u))
  return count(Math.ceil(transfers / COLUMNS)).map((j) => hash(u32(j)).subarray(0, ROW_BYTES))
}

/** a ⊕ (b ∧ mask). The mask is 0 or has all bits set. */
function xorMasked(a: Uint8Array, b: Uint8Array, mask: number): Uint8Array {
  return a.map((byte, at) => byte ^ ((b[at] as number) & mask))
}

/**
 * Extends as the receiver.
 *
 * @param vsid 32 bytes
 * @param seeds 128 pairs of seeds of 32 bytes
 * @param choices `transfers` + 128 bits
 * @returns the message u ‖ x ‖ t, and a row of 16 bytes for each transfer; the rows are secret
 */
export function extendReceiver(
  vsid: Uint8Array,
  seeds: Uint8Array,
  choices: Uint8Array,
  transfers: number,
): { message: Uint8Array; rows: Uint8Array } {
  const length = columnBytesOf(transfers)
  const hash = batchHasher('ote-prg', vsid)
  const seed = (at: number): Uint8Array => seeds.subarray(at * SEED_BYTES, (at + 1) * SEED_BYTES)
  const zeros = Array.from({ length: COLUMNS }, (_, i) => expand(hash, seed(2 * i), i, 0, length))
  const ones = Array.from({ length: COLUMNS }, (_, i) => expand(hash, seed(2 * i + 1), i, 1, length))
  const u = concatBytes(
    ...zeros.map((zero, i) => xorMasked(xorMasked(choices, zero, 0xff), ones[i] as Uint8Array, 0xff)),
  )
  const challenges = deriveChallenges(vsid, u, transfers)
  const rows = transpose(ones)
  const t = hashColumnsVar(rows, challenges)
  // x is the hash of the choices: the hash of any column of a matrix whose columns are all equal to the choices.
  const repeated = new Uint8Array(8 * length * ROW_BYTES)
  for (let p = 0; p < 8 * length; p++) repeated.fill(-bit(choices, p), p * ROW_BYTES, (p + 1) * ROW_BYTES)
  const [x] = hashColumnsVar(repeated, challenges)
  try {
    return { message: concatBytes(u, x as Uint8Array, ...t), rows: rows.slice(0, transfers * ROW_BYTES) }
  } finally {
    wipe(...zeros, ...ones, repeated, rows)
  }
}

/**
 * Extends as the sender.
 *
 * @param seeds 128 seeds of 32 bytes, the i-th of branch 1 ⊕ Δ_i
 * @param delta Δ, 16 bytes
 * @param message the receiver's message
 * @returns a row of 16 bytes for each transfer, secret; undefined if the receiver's message is not consistent
 */
export function extendSender(
  vsid: Uint8Array,
  seeds: Uint8Array,
  delta: Uint8Array,
  message: Uint8Array,
  transfers: number,
): Uint8Array | undefined {
  const hash = batchHasher('ote-prg', vsid)
  const length = columnBytesOf(transfers)
  const u = message.subarray(0, COLUMNS * length)
  const x = message.subarray(u.length, u.length + ROW_BYTES)
  const t = message.subarray(u.length + ROW_BYTES)
  const columns = Array.from({ length: COLUMNS }, (_, i) => {
    const seed = seeds.subarray(i * SEED_BYTES, (i + 1) * SEED_BYTES)
    const expanded = expand(hash, seed, i, 1 ^ bit(delta, i), length)
    return xorMasked(expanded, u.subarray(i * length, (i + 1) * length), -bit(delta, i))
  })
  const rows = transpose(columns)
  const hashes = hashColumnsVar(rows, deriveChallenges(vsid, u, transfers))
  // One verdict for all columns: telling which of them failed would reveal bits of Δ.
  const expected = hashes.map((_, i) => xorMasked(t.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES), x, -bit(delta, i)))
  wipe(...columns)
  return equalBytes(concatBytes(...hashes), concatBytes(...expected))
    ? rows.subarray(0, transfers * ROW_BYTES)
    : undefined
}

/** The hash of the receiver's message u ‖ x ‖ t, 32 bytes. */
export function hashTranscript(vsid: Uint8Array, message: Uint8Array, transfers: number): Uint8Array {
  const t = COLUMNS * columnBytesOf(transfers) + ROW_BYTES
  const digest = hashQuarters(
    'ote-t',
    hashQuarters('ote-u', vsid, message.subarray(0, t - ROW_BYTES)),
    message.subarray(t),
  )
  return batchHasher('ote-x', digest)(message.subarray(t - ROW_BYTES, t))
}
