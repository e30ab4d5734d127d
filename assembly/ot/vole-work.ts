import { montgomery } from '../field/secp256k1-order.gen'
import { pack, reverse } from '../field/limbs'
import { ROW_BYTES } from './bit-matrix'
import { addLimbs, loadNumber, reduceColumns, toMontgomery, wipeColumns } from './columns'
import { LABEL_GADGET, LABEL_VOLE_CHI, LABEL_VOLE_CONTEXT, LABEL_VOLE_MATRIX, LABEL_VOLE_MESSAGE } from './labels'
import { OT_WORK, OT_WORK_BYTES } from './memory'
import { BLOCK_BYTES, STATES_BYTES, wipeSchedule } from './sha256'
import { BLOCKS, hashBlocks, hashQuarters, padBlocks, startTagged, wipeBlocks } from './tagged-hash'

// The work space of assembly/ot/vole.ts, and the steps that both parties have in common.

/** Transfers of a multiplication. */
export const EXTENDED: i32 = 768
/** Numbers in a row of the matrix: two inputs and the mask. */
export const WIDTH: i32 = 3
export const MATRIX_ROW_BYTES: i32 = 96
/** Offset of H(u) in Alice's message Q (768 rows) ‖ H(u) ‖ v. */
export const CHECK_OFFSET: i32 = 73728
export const V_OFFSET: i32 = 73760
const MATRIX_QUARTER_BYTES: i32 = 18432
export const CHECK_QUARTER_BYTES: i32 = 6144
export const PAD_ITEM_BYTES: i32 = 24
export const ALL: u64 = ~(<u64>0)

export const PREFIX = memory.data(128, 16)
export const ZERO_ROW = memory.data(16, 16)
export const CONTEXT = memory.data(128, 16)
export const TRANSCRIPT = memory.data(32, 16)
/** The pads, in rows as in the matrix. */
export const PADS = OT_WORK
export const FLIPPED_PADS = memory.data(384, 16)
/** u, and after u is hashed the vector g. */
export const CHECKED = memory.data(24576, 16)
const CHECKED_BYTES: i32 = 24576
/** Four copies of the hash of the matrix. */
export const MATRIX_DIGEST = memory.data(128, 16)
export const DIGEST = memory.data(128, 16)
const DIGESTS_BYTES: i32 = 128
const CHI = memory.data(96, 16)
const CHI_BYTES: i32 = 96
export const LIMB_SPACE = memory.data(240, 16)
const LIMB_SPACE_BYTES: i32 = 240
export const SUM = memory.data(80, 16)
const PRODUCTS = memory.data(160, 16)

/** TH("vole-context", vsid, transcript): covers the session, its direction and parties, and the whole extension. */
export function deriveContext(labels: usize, vsid: usize, transcript: usize): void {
  startTagged(PREFIX, labels + LABEL_VOLE_CONTEXT, vsid, 32)
  padBlocks(32, 32)
  memory.copy(BLOCKS, transcript, 32)
  hashBlocks(CONTEXT, 32, PREFIX)
}

/** The three pads of four rows: TH("ote-pad", context, row ⊕ flip ‖ j ‖ k). */
export function hashPads(out: usize, rows: usize, flip: usize, j: u32): void {
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

/** χ_k = TH("vole-chi", TH("vole-matrix", context, Q), k) in Montgomery form. Leaves the hash in {@link MATRIX_DIGEST}. */
export function deriveWeights(labels: usize, matrix: usize): void {
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
 * CHECKED = g_j = TH("gadget", TH("vole-message", TH("vole-message", TH("vole-matrix", …), H(u)), v), j): 768 numbers, not
 * reduced.
 */
export function deriveVector(labels: usize, response: usize): void {
  memory.copy(DIGEST, MATRIX_DIGEST, 32)
  for (let part = response + CHECK_OFFSET; part <= response + V_OFFSET; part += 32) {
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
export function addCombination(sum: usize, row: usize): void {
  for (let k: usize = 0; k < 2; k++) {
    loadNumber(LIMB_SPACE, row + 32 * k)
    montgomery(LIMB_SPACE + 48, LIMB_SPACE, CHI + 48 * k)
    addLimbs(sum, LIMB_SPACE + 48, ALL)
  }
  addNumber(sum, row + 64, ALL)
}

/** PRODUCTS_k = Σ g_j·pads_{j,k}/2^261 for the two columns of inputs. */
export function foldPads(): void {
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

/** LIMB_SPACE = Σ g_j·pads_{j,k}, below 2n. Overwrites PRODUCTS_k. */
export function takeProduct(k: usize): void {
  reduceColumns(LIMB_SPACE + 48, PRODUCTS + 80 * k)
  toMontgomery(LIMB_SPACE, LIMB_SPACE + 48)
}

/** All ones if choice bit j is set, else zero. */
@inline
export function choiceMask(choices: usize, j: usize): u64 {
  return 0 - <u64>((load<u8>(choices + (j >> 3)) >> (<u8>(j & 7))) & 1)
}

/** sum += a number of 32 big-endian bytes if the mask is all ones; sum += 0 if it is zero. */
@inline
export function addNumber(sum: usize, bytes: usize, mask: u64): void {
  loadNumber(LIMB_SPACE + 144, bytes)
  addLimbs(sum, LIMB_SPACE + 144, mask)
}

/** Writes the sum modulo n as 32 big-endian bytes. Overwrites the sum. */
export function storeSum(bytes: usize, sum: usize): void {
  reduceColumns(LIMB_SPACE + 144, sum)
  pack(bytes, LIMB_SPACE + 144)
  reverse(bytes, bytes)
}

export function wipe(): void {
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
