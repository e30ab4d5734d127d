import { COLUMNS, ROW_BYTES, transpose } from './bit-matrix'
import { hashColumns } from './column-hash'
import { BLOCK_BYTES, STATES_BYTES, wipeSchedule } from './sha256'
import { BLOCKS, hashBlocks, hashQuarters, padBlocks, startTagged, wipeBlocks } from './tagged-hash'
import { LABEL_OTE_CHI, LABEL_OTE_PRG, LABEL_OTE_T, LABEL_OTE_U, LABEL_OTE_X } from './labels'

/**
 * The OT extension: SoftSpokenOT (eprint 2022/192) with K = 1 and a non-interactive consistency check over GF(2^128).
 * Expanded columns have one bit for each transfer, and 128 bits that mask the check.
 *
 * The number of transfers in a call is a multiple of 32, at most {@link MOST_TRANSFERS}.
 */

export const MOST_TRANSFERS: i32 = 768
/** Bytes of a column of {@link MOST_TRANSFERS}, rounded up to whole hashes. */
const COLUMN_STRIDE: i32 = 128
const SEED_BYTES: i32 = 32
const PRG_ITEM_BYTES: i32 = 44
const T_QUARTER_BYTES: i32 = 512

const PREFIX = memory.data(128, 16)
/** One challenge for every 128 transfers. Four are written at a time. */
const CHALLENGES = memory.data(128, 16)
const CHALLENGES_BYTES: i32 = 128
/** 128 columns, a stride apart. */
const MATRIX = memory.data(16384, 16)
const MATRIX_BYTES: i32 = 16384
/** A row for each bit of a column. The rows of the transfers come first: {@link extendSender} leaves them here. */
export const ROWS = memory.data(14336, 16)
const ROWS_BYTES: i32 = 14336
const HASHED_ROWS = memory.data(2048, 16)
const HASHED_COLUMNS = memory.data(2048, 16)
const HASHED_BYTES: i32 = 2048
/** TH("ote-u", vsid, u), four times. The caller of the receiver or the sender clears it with {@link wipeExtended}. */
export const U_DIGEST = memory.data(128, 16)

// The message: u (128 columns), x (16 bytes), t (128 hashes of 16 bytes).

@inline
function columnBytesOf(transfers: i32): i32 {
  return (transfers + COLUMNS) >> 3
}


@inline
function offsetOfX(transfers: i32): i32 {
  return COLUMNS * columnBytesOf(transfers)
}

/** Expands the seeds of four columns: PRG(vsid, i, b) = TH("ote-prg", vsid, seed ‖ i ‖ b ‖ counter) for counters 0, 1 … */
function expandFour(columns: usize, seeds: usize, stride: usize, first: i32, branches: u32, columnBytes: i32): void {
  padBlocks(PRG_ITEM_BYTES, PRG_ITEM_BYTES)
  for (let lane: usize = 0; lane < 4; lane++) {
    const block = BLOCKS + lane * BLOCK_BYTES
    memory.copy(block, seeds + lane * stride, SEED_BYTES)
    store<u32>(block, bswap<u32>(first + <u32>lane), 32)
    store<u32>(block, bswap<u32>((branches >> (<u32>lane)) & 1), 36)
  }
  for (let counter: u32 = 0; counter << 5 < <u32>columnBytes; counter++) {
    for (let lane: u32 = 0; lane < 4; lane++) store<u32>(BLOCKS + lane * BLOCK_BYTES, bswap<u32>(counter), 40)
    hashBlocks(columns + 32 * counter, COLUMN_STRIDE, PREFIX)
  }
}

/** chi_j = the first 16 bytes of TH("ote-chi", TH("ote-u", vsid, u), j) (Fiat–Shamir, with all of u). */
function deriveChallenges(labels: usize, vsid: usize, u: usize, transfers: i32): void {
  hashQuarters(U_DIGEST, labels + LABEL_OTE_U, vsid, u, offsetOfX(transfers) >> 2)
  startTagged(PREFIX, labels + LABEL_OTE_CHI, U_DIGEST, 4)
  padBlocks(4, 4)
  for (let first: u32 = 0; first << 7 < <u32>transfers; first += 4) {
    for (let lane: u32 = 0; lane < 4; lane++) store<u32>(BLOCKS + lane * BLOCK_BYTES, bswap<u32>(first + lane))
    hashBlocks(HASHED_ROWS, 32, PREFIX)
    for (let j: u32 = 0; j < 4; j++) v128.store(CHALLENGES + 16 * (first + j), v128.load(HASHED_ROWS + 32 * j))
  }
}

/** r = the hashes of the columns of ROWS under the challenges. */
function hashRows(r: usize, transfers: i32): void {
  hashColumns(HASHED_ROWS, ROWS, CHALLENGES, transfers)
  transpose(r, HASHED_ROWS, ROW_BYTES, ROW_BYTES)
}

/**
 * Extends as the receiver.
 *
 * @param seeds 128 pairs of seeds of 32 bytes
 * @param choices a choice bit for each transfer, and 128 random bits
 * @param message output: u ‖ x ‖ t
 * @param rows output: a row of 16 bytes for each transfer, from which the pads are hashed
 */
export function extendReceiver(
  labels: usize,
  vsid: usize,
  seeds: usize,
  choices: usize,
  message: usize,
  rows: usize,
  transfers: i32,
): void {
  const columnBytes = columnBytesOf(transfers)
  startTagged(PREFIX, labels + LABEL_OTE_PRG, vsid, PRG_ITEM_BYTES)
  const zeroBranch = ROWS
  for (let i = 0; i < COLUMNS; i += 4) {
    const oneBranch = MATRIX + i * COLUMN_STRIDE
    const pairs = seeds + 2 * SEED_BYTES * i
    expandFour(zeroBranch, pairs, 2 * SEED_BYTES, i, 0b0000, columnBytes)
    expandFour(oneBranch, pairs + SEED_BYTES, 2 * SEED_BYTES, i, 0b1111, columnBytes)
    for (let lane = 0; lane < 4; lane++) {
      const u = message + (i + lane) * columnBytes
      const offset: usize = lane * COLUMN_STRIDE
      for (let at: usize = 0; at < <usize>columnBytes; at += 4) {
        const pads = load<u32>(zeroBranch + offset + at) ^ load<u32>(oneBranch + offset + at)
        store<u32>(u + at, load<u32>(choices + at) ^ pads)
      }
    }
  }
  deriveChallenges(labels, vsid, message, transfers)

  transpose(ROWS, MATRIX, COLUMN_STRIDE, columnBytes)
  const x = message + offsetOfX(transfers)
  hashRows(x + ROW_BYTES, transfers)
  memory.copy(rows, ROWS, transfers * ROW_BYTES)

  // x is the hash of the choices: the hash of any column of a matrix whose columns are all equal to the choices.
  for (let p: usize = 0; p < 8 * <usize>columnBytes; p++) {
    const bit = <i64>((load<u8>(choices + (p >> 3)) >> (<u8>(p & 7))) & 1)
    v128.store(ROWS + (p << 4), i64x2.splat(-bit))
  }
  hashRows(HASHED_COLUMNS, transfers)
  memory.copy(x, HASHED_COLUMNS, ROW_BYTES)
  wipeExtension()
  memory.fill(ROWS, 0, ROWS_BYTES)
}

/**
 * Extends as the sender: checks the receiver's message, and writes the rows to {@link ROWS}.
 *
 * @param seeds 128 seeds of 32 bytes, the i-th of branch 1 ⊕ Δ_i
 * @param delta Δ, 16 bytes
 * @returns whether the message is consistent. There is one verdict for all columns.
 */
export function extendSender(
  labels: usize,
  vsid: usize,
  seeds: usize,
  delta: usize,
  message: usize,
  transfers: i32,
): bool {
  const columnBytes = columnBytesOf(transfers)
  startTagged(PREFIX, labels + LABEL_OTE_PRG, vsid, PRG_ITEM_BYTES)
  for (let i = 0; i < COLUMNS; i += 4) {
    const bits = (<u32>(load<u8>(delta + (i >> 3)) >> (<u8>(i & 7)))) & 15
    const columns = MATRIX + i * COLUMN_STRIDE
    expandFour(columns, seeds + SEED_BYTES * i, SEED_BYTES, i, ~bits, columnBytes)
    for (let lane = 0; lane < 4; lane++) {
      const mask: u32 = 0 - ((bits >> lane) & 1)
      const u = message + (i + lane) * columnBytes
      const column = columns + lane * COLUMN_STRIDE
      for (let at: usize = 0; at < <usize>columnBytes; at += 4) {
        store<u32>(column + at, load<u32>(column + at) ^ (load<u32>(u + at) & mask))
      }
    }
  }
  deriveChallenges(labels, vsid, message, transfers)

  transpose(ROWS, MATRIX, COLUMN_STRIDE, columnBytes)
  hashRows(HASHED_COLUMNS, transfers)
  const t = message + offsetOfX(transfers) + ROW_BYTES
  const x = v128.load(t - ROW_BYTES)
  let difference = i64x2.splat(0)
  for (let i: usize = 0; i < <usize>COLUMNS; i++) {
    const bit = <i64>((load<u8>(delta + (i >> 3)) >> (<u8>(i & 7))) & 1)
    const expected = v128.xor(v128.load(t + (i << 4)), v128.and(x, i64x2.splat(-bit)))
    difference = v128.or(difference, v128.xor(v128.load(HASHED_COLUMNS + (i << 4)), expected))
  }
  wipeExtension()
  return !v128.any_true(difference)
}

/**
 * The hash of the receiver's message: TH("ote-x", TH("ote-t", TH("ote-u", vsid, u), t), x). It uses {@link U_DIGEST}, so call
 * it right after {@link extendReceiver} or {@link extendSender}.
 *
 * @param out output: 32 bytes
 */
export function hashTranscript(labels: usize, message: usize, transfers: i32, out: usize): void {
  const x = message + offsetOfX(transfers)
  hashQuarters(HASHED_ROWS, labels + LABEL_OTE_T, U_DIGEST, x + ROW_BYTES, T_QUARTER_BYTES)
  startTagged(PREFIX, labels + LABEL_OTE_X, HASHED_ROWS, ROW_BYTES)
  padBlocks(ROW_BYTES, ROW_BYTES)
  v128.store(BLOCKS, v128.load(x))
  hashBlocks(HASHED_ROWS, 32, PREFIX)
  memory.copy(out, HASHED_ROWS, 32)
}

function wipeExtension(): void {
  memory.fill(PREFIX, 0, STATES_BYTES)
  memory.fill(CHALLENGES, 0, CHALLENGES_BYTES)
  memory.fill(MATRIX, 0, MATRIX_BYTES)
  memory.fill(HASHED_ROWS, 0, HASHED_BYTES)
  memory.fill(HASHED_COLUMNS, 0, HASHED_BYTES)
  wipeBlocks()
  wipeSchedule()
}

/** Clears what {@link extendReceiver}, {@link extendSender} and {@link hashTranscript} leave in memory. */
export function wipeExtended(): void {
  memory.fill(ROWS, 0, ROWS_BYTES)
  memory.fill(U_DIGEST, 0, STATES_BYTES)
  memory.fill(HASHED_ROWS, 0, STATES_BYTES)
  memory.fill(PREFIX, 0, STATES_BYTES)
  wipeBlocks()
  wipeSchedule()
}
