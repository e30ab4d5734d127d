import { montgomery } from '../field/secp256k1-order.gen'
import { isBelow, pack, reverse } from '../field/limbs'
import { INVALID, OK } from '../memory'
import { ORDER } from '../secp256k1/constants.gen'
import { ROW_BYTES } from './bit-matrix'
import { addLimbs, clearColumns, loadNumber, reduceColumns, subtractLimbs, toMontgomery, wipeColumns } from './columns'
import { ROWS, extendReceiver, extendSender, hashTranscript, wipeExtended } from './extension'
import {
  LABEL_GADGET,
  LABEL_OTE_PAD,
  LABEL_VOLE_CHECK,
  LABEL_VOLE_CHI,
  LABEL_VOLE_CONTEXT,
  LABEL_VOLE_MATRIX,
  LABEL_VOLE_MESSAGE,
} from './labels'
import { CHEAT, OT_WORK, OT_WORK_BYTES } from './memory'
import { BLOCK_BYTES, STATES_BYTES, wipeSchedule } from './sha256'
import { BLOCKS, hashBlocks, hashQuarters, padBlocks, startTagged, wipeBlocks } from './tagged-hash'

/**
 * Random vector OLE: Variant II of Asharov, eprint 2026/976, with two inputs and one column that masks the check. Alice
 * (the sender) holds α_0, α_1 and t_0, t_1; Bob (the receiver) gets β, r_0, r_1 with t_c + r_c = α_c·β. Numbers are 32
 * big-endian bytes.
 *
 * Pads are hashes of extended rows, which neither side can choose. The weights χ hash the whole transcript of the
 * extension and the matrix, the vector g the whole message besides: neither exists before what it judges is fixed.
 *
 * Deviation: pads, χ and g are 32 hashed bytes reduced modulo n, within 2^-127 of uniform since 2^256 − n < 2^129.
 */

/** Transfers of a multiplication. */
const EXTENDED: i32 = 768
/** A row of the matrix: two inputs and the mask. */
const WIDTH: i32 = 3
const MATRIX_ROW_BYTES: i32 = 96
/** The message: Q (768 rows), H(u), v. */
const CHECK_OFFSET: i32 = 73728
const V_OFFSET: i32 = 73760
const MATRIX_QUARTER_BYTES: i32 = 18432
const CHECK_QUARTER_BYTES: i32 = 6144
const PAD_ITEM_BYTES: i32 = 24
const ALL: u64 = ~(<u64>0)

const PREFIX = memory.data(128, 16)
const ZERO_ROW = memory.data(16, 16)
const CONTEXT = memory.data(128, 16)
const TRANSCRIPT = memory.data(32, 16)
/** Rows as in the matrix. */
const PADS = OT_WORK
const FLIPPED_PADS = memory.data(384, 16)
/** u, and the vector g once u is hashed. */
const CHECKED = memory.data(24576, 16)
const CHECKED_BYTES: i32 = 24576
/** Four copies of the hash of the matrix. */
const MATRIX_DIGEST = memory.data(128, 16)
const DIGEST = memory.data(128, 16)
const DIGESTS_BYTES: i32 = 128
const CHI = memory.data(96, 16)
const CHI_BYTES: i32 = 96
const LIMB_SPACE = memory.data(240, 16)
const LIMB_SPACE_BYTES: i32 = 240
const SUM = memory.data(80, 16)
const PRODUCTS = memory.data(160, 16)

/**
 * Bob's message: the extension.
 *
 * @param message takes u ‖ x ‖ t
 * @param rows takes 768 rows of 16 bytes for {@link finish}
 * @param transcript takes the hash of the message for {@link finish}
 */
export function start(
  labels: usize,
  esid: usize,
  seeds: usize,
  choices: usize,
  message: usize,
  rows: usize,
  transcript: usize,
): void {
  extendReceiver(labels, esid, seeds, choices, message, rows, EXTENDED)
  hashTranscript(labels, message, EXTENDED, transcript)
  wipeExtended()
}

/**
 * Alice's answer.
 *
 * @param inputs α_0 ‖ α_1 ‖ α̂, all random
 * @param answer takes Q ‖ H(u) ‖ v
 * @param shares takes t_0 ‖ t_1
 * @returns CHEAT if Bob's message is not consistent
 */
export function multiply(
  labels: usize,
  esid: usize,
  vsid: usize,
  seeds: usize,
  delta: usize,
  message: usize,
  inputs: usize,
  answer: usize,
  shares: usize,
): i32 {
  if (!extendSender(labels, esid, seeds, delta, message, EXTENDED)) {
    wipeExtended()
    return CHEAT
  }
  hashTranscript(labels, message, EXTENDED, TRANSCRIPT)
  deriveContext(labels, vsid, TRANSCRIPT)
  startTagged(PREFIX, labels + LABEL_OTE_PAD, CONTEXT, PAD_ITEM_BYTES)
  for (let j: u32 = 0; j < <u32>EXTENDED; j += 4) {
    hashPads(PADS + j * MATRIX_ROW_BYTES, ROWS, ZERO_ROW, j)
    hashPads(FLIPPED_PADS, ROWS, delta, j)
    for (let lane: u32 = 0; lane < 4; lane++) {
      for (let k: u32 = 0; k < <u32>WIDTH; k++) {
        const offset = (j + lane) * MATRIX_ROW_BYTES + 32 * k
        clearColumns(SUM)
        // Twice the order is more than any pad, so that no sum is negative.
        addLimbs(SUM, ORDER, ALL)
        addLimbs(SUM, ORDER, ALL)
        addNumber(SUM, PADS + offset, ALL)
        addNumber(SUM, inputs + 32 * k, ALL)
        loadNumber(LIMB_SPACE, FLIPPED_PADS + lane * MATRIX_ROW_BYTES + 32 * k)
        subtractLimbs(SUM, LIMB_SPACE)
        storeSum(answer + offset, SUM)
      }
    }
  }
  deriveWeights(labels, answer)
  clearColumns(SUM)
  addCombination(SUM, inputs)
  storeSum(answer + V_OFFSET, SUM)
  for (let j: usize = 0; j < <usize>EXTENDED; j++) {
    clearColumns(SUM)
    addCombination(SUM, PADS + j * MATRIX_ROW_BYTES)
    storeSum(CHECKED + 32 * j, SUM)
  }
  hashQuarters(DIGEST, labels + LABEL_VOLE_CHECK, MATRIX_DIGEST, CHECKED, CHECK_QUARTER_BYTES)
  memory.copy(answer + CHECK_OFFSET, DIGEST, 32)

  deriveVector(labels, answer)
  foldPads()
  for (let k: usize = 0; k < 2; k++) {
    takeProduct(k)
    clearColumns(SUM)
    addLimbs(SUM, ORDER, ALL)
    addLimbs(SUM, ORDER, ALL)
    subtractLimbs(SUM, LIMB_SPACE)
    storeSum(shares + 32 * k, SUM)
  }
  wipe()
  wipeExtended()
  return OK
}

/**
 * Bob's end.
 *
 * @param rows what {@link start} gave
 * @param choices the first 768 bits of what {@link start} was given
 * @param transcript what {@link start} gave
 * @param answer Q ‖ H(u) ‖ v
 * @param results takes β ‖ r_0 ‖ r_1
 * @returns INVALID for a number that is not below n, CHEAT if Alice's answer is not consistent
 */
export function finish(
  labels: usize,
  vsid: usize,
  rows: usize,
  choices: usize,
  transcript: usize,
  answer: usize,
  results: usize,
): i32 {
  let below = -1
  for (let at = answer; at < answer + CHECK_OFFSET; at += 32) {
    loadNumber(LIMB_SPACE, at)
    below &= isBelow(LIMB_SPACE, ORDER)
  }
  loadNumber(LIMB_SPACE, answer + V_OFFSET)
  below &= isBelow(LIMB_SPACE, ORDER)
  if (below === 0) {
    wipe()
    return INVALID
  }
  const negatedV = LIMB_SPACE + 192
  clearColumns(SUM)
  addLimbs(SUM, ORDER, ALL)
  subtractLimbs(SUM, LIMB_SPACE)
  reduceColumns(negatedV, SUM)

  deriveContext(labels, vsid, transcript)
  deriveWeights(labels, answer)
  startTagged(PREFIX, labels + LABEL_OTE_PAD, CONTEXT, PAD_ITEM_BYTES)
  for (let j: u32 = 0; j < <u32>EXTENDED; j += 4) {
    hashPads(PADS + j * MATRIX_ROW_BYTES, rows, ZERO_ROW, j)
    for (let lane: u32 = 0; lane < 4; lane++) {
      const mask = choiceMask(choices, j + lane)
      const row = (j + lane) * MATRIX_ROW_BYTES
      for (let k: u32 = 0; k < <u32>WIDTH; k++) {
        const offset = row + 32 * k
        clearColumns(SUM)
        addNumber(SUM, PADS + offset, ALL)
        addNumber(SUM, answer + offset, mask)
        storeSum(PADS + offset, SUM)
      }
      clearColumns(SUM)
      addCombination(SUM, PADS + row)
      addLimbs(SUM, negatedV, mask)
      storeSum(CHECKED + 32 * (j + lane), SUM)
    }
  }
  hashQuarters(DIGEST, labels + LABEL_VOLE_CHECK, MATRIX_DIGEST, CHECKED, CHECK_QUARTER_BYTES)
  const received = answer + CHECK_OFFSET
  const difference = v128.or(
    v128.xor(v128.load(DIGEST), v128.load(received)),
    v128.xor(v128.load(DIGEST, 16), v128.load(received, 16)),
  )
  const consistent = !v128.any_true(difference)
  if (consistent) {
    deriveVector(labels, answer)
    clearColumns(SUM)
    for (let j: usize = 0; j < <usize>EXTENDED; j++) addNumber(SUM, CHECKED + 32 * j, choiceMask(choices, j))
    storeSum(results, SUM)
    foldPads()
    for (let k: usize = 0; k < 2; k++) {
      takeProduct(k)
      clearColumns(SUM)
      addLimbs(SUM, LIMB_SPACE, ALL)
      storeSum(results + 32 + 32 * k, SUM)
    }
  }
  wipe()
  return consistent ? OK : CHEAT
}

/** TH("vole-context", vsid, transcript): the session, its direction and parties, and all of the extension. */
function deriveContext(labels: usize, vsid: usize, transcript: usize): void {
  startTagged(PREFIX, labels + LABEL_VOLE_CONTEXT, vsid, 32)
  padBlocks(32, 32)
  memory.copy(BLOCKS, transcript, 32)
  hashBlocks(CONTEXT, 32, PREFIX)
}

/** The three pads of four rows: TH("ote-pad", context, row ⊕ flip ‖ j ‖ k). */
function hashPads(out: usize, rows: usize, flip: usize, j: u32): void {
  padBlocks(PAD_ITEM_BYTES, PAD_ITEM_BYTES)
  for (let lane: u32 = 0; lane < 4; lane++) {
    const block = BLOCKS + lane * BLOCK_BYTES
    v128.store(block, v128.xor(v128.load(rows + (j + lane) * ROW_BYTES), v128.load(flip)))
    store<u32>(block, bswap<u32>(j + lane), 16)
  }
  for (let k: u32 = 0; k < <u32>WIDTH; k++) {
    for (let lane: u32 = 0; lane < 4; lane++) store<u32>(BLOCKS + lane * BLOCK_BYTES, bswap<u32>(k), 20)
    hashBlocks(out + 32 * k, MATRIX_ROW_BYTES, PREFIX)
  }
}

/** χ_k = TH("vole-chi", TH("vole-matrix", context, Q), k), held in Montgomery form; the hash of the matrix is left. */
function deriveWeights(labels: usize, matrix: usize): void {
  hashQuarters(MATRIX_DIGEST, labels + LABEL_VOLE_MATRIX, CONTEXT, matrix, MATRIX_QUARTER_BYTES)
  startTagged(PREFIX, labels + LABEL_VOLE_CHI, MATRIX_DIGEST, 4)
  padBlocks(4, 4)
  store<u32>(BLOCKS + BLOCK_BYTES, bswap<u32>(1))
  hashBlocks(DIGEST, 32, PREFIX)
  for (let k: usize = 0; k < 2; k++) {
    loadNumber(LIMB_SPACE, DIGEST + 32 * k)
    toMontgomery(CHI + 48 * k, LIMB_SPACE)
  }
}

/**
 * CHECKED = g_j = TH("gadget", TH("vole-message", TH("vole-message", TH("vole-matrix", …), H(u)), v), j), 768 numbers that
 * are not reduced.
 */
function deriveVector(labels: usize, answer: usize): void {
  memory.copy(DIGEST, MATRIX_DIGEST, 32)
  for (let part = answer + CHECK_OFFSET; part <= answer + V_OFFSET; part += 32) {
    startTagged(PREFIX, labels + LABEL_VOLE_MESSAGE, DIGEST, 32)
    padBlocks(32, 32)
    memory.copy(BLOCKS, part, 32)
    hashBlocks(DIGEST, 32, PREFIX)
  }
  startTagged(PREFIX, labels + LABEL_GADGET, DIGEST, 4)
  padBlocks(4, 4)
  for (let j: u32 = 0; j < <u32>EXTENDED; j += 4) {
    for (let lane: u32 = 0; lane < 4; lane++) store<u32>(BLOCKS + lane * BLOCK_BYTES, bswap<u32>(j + lane))
    hashBlocks(CHECKED + 32 * j, 32, PREFIX)
  }
}

/** sum += row_2 + χ_0·row_0 + χ_1·row_1 */
function addCombination(sum: usize, row: usize): void {
  for (let k: usize = 0; k < 2; k++) {
    loadNumber(LIMB_SPACE, row + 32 * k)
    montgomery(LIMB_SPACE + 48, LIMB_SPACE, CHI + 48 * k)
    addLimbs(sum, LIMB_SPACE + 48, ALL)
  }
  addNumber(sum, row + 64, ALL)
}

/** PRODUCTS_k = Σ g_j·pads_{j,k}/2^261 for the two columns of inputs. */
function foldPads(): void {
  memory.fill(PRODUCTS, 0, 160)
  for (let j: usize = 0; j < <usize>EXTENDED; j++) {
    loadNumber(LIMB_SPACE + 96, CHECKED + 32 * j)
    for (let k: usize = 0; k < 2; k++) {
      loadNumber(LIMB_SPACE, PADS + j * MATRIX_ROW_BYTES + 32 * k)
      montgomery(LIMB_SPACE + 48, LIMB_SPACE, LIMB_SPACE + 96)
      addLimbs(PRODUCTS + 80 * k, LIMB_SPACE + 48, ALL)
    }
  }
}

/** LIMB_SPACE = Σ g_j·pads_{j,k}, below 2n; PRODUCTS_k is used up. */
function takeProduct(k: usize): void {
  reduceColumns(LIMB_SPACE + 48, PRODUCTS + 80 * k)
  toMontgomery(LIMB_SPACE, LIMB_SPACE + 48)
}

/** All ones if choice bit j is set, else zero. */
@inline
function choiceMask(choices: usize, j: usize): u64 {
  return 0 - <u64>((load<u8>(choices + (j >> 3)) >> (<u8>(j & 7))) & 1)
}

/** sum += the number in 32 big-endian bytes, where the mask is all ones. */
@inline
function addNumber(sum: usize, bytes: usize, mask: u64): void {
  loadNumber(LIMB_SPACE + 144, bytes)
  addLimbs(sum, LIMB_SPACE + 144, mask)
}

/** 32 big-endian bytes = the sum modulo n; the sum is used up. */
function storeSum(bytes: usize, sum: usize): void {
  reduceColumns(LIMB_SPACE + 144, sum)
  pack(bytes, LIMB_SPACE + 144)
  reverse(bytes, bytes)
}

function wipe(): void {
  memory.fill(PREFIX, 0, STATES_BYTES)
  memory.fill(CONTEXT, 0, DIGESTS_BYTES)
  memory.fill(TRANSCRIPT, 0, 32)
  memory.fill(MATRIX_DIGEST, 0, DIGESTS_BYTES)
  memory.fill(DIGEST, 0, DIGESTS_BYTES)
  memory.fill(CHI, 0, CHI_BYTES)
  memory.fill(PADS, 0, OT_WORK_BYTES)
  memory.fill(FLIPPED_PADS, 0, 384)
  memory.fill(CHECKED, 0, CHECKED_BYTES)
  memory.fill(LIMB_SPACE, 0, LIMB_SPACE_BYTES)
  memory.fill(PRODUCTS, 0, 160)
  wipeColumns(SUM)
  wipeBlocks()
  wipeSchedule()
}
