import { concatBytes, equalBytes, wipe } from '../../util/bytes.ts'
import { bit, hashColumnsVar, transpose } from './bit-matrix.ts'
import { COLUMN_BITS, COLUMN_BYTES, COLUMNS, ROW_BYTES, SEED_BYTES, TRANSFERS } from './parameters.ts'
import { batchHasher, hashQuarters, u32 } from './tagged-batch.ts'

/**
 * The OT extension on the portable backend: SoftSpokenOT (eprint 2022/192) with K = 1, which is KOS with the corrected
 * check: every column is hashed over GF(2^128) under challenges from all of u (Fiat–Shamir).
 */

/** PRG(vsid, i, b): three hashes of the seed, the column, the branch and a counter, cut to 68 bytes. */
function expand(hash: (item: Uint8Array) => Uint8Array, seed: Uint8Array, column: number, branch: number): Uint8Array {
  const blocks = [0, 1, 2].map((counter) => hash(concatBytes(seed, u32(column), u32(branch), u32(counter))))
  return concatBytes(...blocks).slice(0, COLUMN_BYTES)
}

function deriveChallenges(vsid: Uint8Array, u: Uint8Array): Uint8Array[] {
  const hash = batchHasher('ote-chi', hashQuarters('ote-u', vsid, u))
  return [0, 1, 2, 3].map((j) => hash(u32(j)).subarray(0, ROW_BYTES))
}

/** a ⊕ (b where the mask is all ones) */
function xorMasked(a: Uint8Array, b: Uint8Array, mask: number): Uint8Array {
  return a.map((byte, at) => byte ^ ((b[at] as number) & mask))
}

/** The receiver's message u ‖ x ‖ t and the transfers' rows, from 128 pairs of seeds and 416 + 128 choice bits. */
export function extendReceiver(
  vsid: Uint8Array,
  seeds: Uint8Array,
  choices: Uint8Array,
): { message: Uint8Array; rows: Uint8Array } {
  const hash = batchHasher('ote-prg', vsid)
  const seed = (at: number): Uint8Array => seeds.subarray(at * SEED_BYTES, (at + 1) * SEED_BYTES)
  const zeros = Array.from({ length: COLUMNS }, (_, i) => expand(hash, seed(2 * i), i, 0))
  const ones = Array.from({ length: COLUMNS }, (_, i) => expand(hash, seed(2 * i + 1), i, 1))
  const u = concatBytes(
    ...zeros.map((zero, i) => xorMasked(xorMasked(choices, zero, 0xff), ones[i] as Uint8Array, 0xff)),
  )
  const challenges = deriveChallenges(vsid, u)
  const rows = transpose(ones)
  const t = hashColumnsVar(rows, challenges)
  // x is the hash of the choices: of any column of a matrix whose columns are all alike.
  const repeated = new Uint8Array(COLUMN_BITS * ROW_BYTES)
  for (let p = 0; p < COLUMN_BITS; p++) repeated.fill(-bit(choices, p), p * ROW_BYTES, (p + 1) * ROW_BYTES)
  const [x] = hashColumnsVar(repeated, challenges)
  try {
    return { message: concatBytes(u, x as Uint8Array, ...t), rows: rows.slice(0, TRANSFERS * ROW_BYTES) }
  } finally {
    wipe(...zeros, ...ones, repeated, rows)
  }
}

/** The sender's rows, from the seeds of branch 1 ⊕ Δ_i; undefined if the receiver was not consistent. */
export function extendSender(
  vsid: Uint8Array,
  seeds: Uint8Array,
  delta: Uint8Array,
  message: Uint8Array,
): Uint8Array | undefined {
  const hash = batchHasher('ote-prg', vsid)
  const u = message.subarray(0, COLUMNS * COLUMN_BYTES)
  const x = message.subarray(u.length, u.length + ROW_BYTES)
  const t = message.subarray(u.length + ROW_BYTES)
  const columns = Array.from({ length: COLUMNS }, (_, i) => {
    const expanded = expand(hash, seeds.subarray(i * SEED_BYTES, (i + 1) * SEED_BYTES), i, 1 ^ bit(delta, i))
    return xorMasked(expanded, u.subarray(i * COLUMN_BYTES, (i + 1) * COLUMN_BYTES), -bit(delta, i))
  })
  const rows = transpose(columns)
  const hashes = hashColumnsVar(rows, deriveChallenges(vsid, u))
  // One verdict over all columns: which of them failed would tell bits of Δ.
  const expected = hashes.map((_, i) => xorMasked(t.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES), x, -bit(delta, i)))
  wipe(...columns)
  return equalBytes(concatBytes(...hashes), concatBytes(...expected))
    ? rows.subarray(0, TRANSFERS * ROW_BYTES)
    : undefined
}
