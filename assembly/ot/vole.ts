import { montgomery } from '../field/secp256k1-order.gen'
import { isBelow, pack, reverse } from '../field/limbs'
import { INVALID, OK } from '../memory'
import { ORDER } from '../secp256k1/constants.gen'
import { ROW_BYTES } from './bit-matrix'
import { addLimbs, clearColumns, loadNumber, reduceColumns, subtractLimbs, toMontgomery, wipeColumns } from './columns'
import { ROWS, extendReceiver, extendSender, wipeExtended } from './extension'
import { LABEL_GADGET, LABEL_MU, LABEL_OTE_PAD, LABEL_THETA, LABEL_VOLE_PAYLOAD } from './labels'
import { CHEAT, OT_WORK, OT_WORK_BYTES } from './memory'
import { BLOCK_BYTES, STATES_BYTES, wipeSchedule } from './sha256'
import { BLOCKS, hashBlocks, hashQuarters, padBlocks, startTagged, wipeBlocks } from './tagged-hash'

/**
 * Random vector OLE of DKLs23 Protocol 5.2 with ℓ = 2 and ρ = 1. Bob holds a random χ = Σ β_j·g_j; Alice puts in a_0 and
 * a_1; they get c_k and d_k with c_k + d_k = a_k·χ. Numbers are 32 big-endian bytes.
 *
 * Deviation: the paper prints the check with two index slips; this is the form that the algebra asks for.
 * Deviation: pads, gadgets and θ are 32 hashed bytes reduced modulo n, within 2^-127 of uniform since 2^256 − n < 2^129.
 */

/** Transfers of a multiplication. */
const EXTENDED: i32 = 416
/** A row of the payload: two inputs and one masked check column. */
const WIDTH: i32 = 3
const PAYLOAD_ROW_BYTES: i32 = 96
/** The message: ã (416 rows), η, μ. */
const ETA_OFFSET: i32 = 39936
const MU_OFFSET: i32 = 39968
const PAYLOAD_QUARTER_BYTES: i32 = 9984
const MU_QUARTER_BYTES: i32 = 3328
const PAD_ITEM_BYTES: i32 = 24
const ALL: u64 = ~(<u64>0)

const PREFIX = memory.data(128, 16)
const ZERO_ROW = memory.data(16, 16)
/** Rows as in the payload. */
const PADS = OT_WORK
const FLIPPED_PADS = memory.data(384, 16)
const CHECKED = memory.data(13312, 16)
const CHECKED_BYTES: i32 = 13312
const DIGEST = memory.data(128, 16)
const DIGESTS_BYTES: i32 = 128
const THETA = memory.data(96, 16)
const THETA_BYTES: i32 = 96
const LIMB_SPACE = memory.data(240, 16)
const LIMB_SPACE_BYTES: i32 = 240
const SUM = memory.data(80, 16)
const PRODUCTS = memory.data(160, 16)

/** g_j = TH("gadget", setId, j), 416 of them. */
export function gadgets(labels: usize, setId: usize, out: usize): void {
  startTagged(PREFIX, labels + LABEL_GADGET, setId, 4)
  padBlocks(4, 4)
  for (let j: u32 = 0; j < <u32>EXTENDED; j += 4) {
    for (let lane: u32 = 0; lane < 4; lane++) store<u32>(BLOCKS + lane * BLOCK_BYTES, bswap<u32>(j + lane))
    hashBlocks(out + 32 * j, 32, PREFIX)
  }
  for (let j: usize = 0; j < <usize>EXTENDED; j++) {
    clearColumns(SUM)
    addNumber(SUM, out + 32 * j, ALL)
    storeSum(out + 32 * j, SUM)
  }
  wipe()
}

/**
 * Bob's message and χ.
 *
 * @param message takes u ‖ x ‖ t
 * @param rows takes 416 rows of 16 bytes for {@link finish}
 * @param chi takes χ
 */
export function start(
  labels: usize,
  vsid: usize,
  vector: usize,
  seeds: usize,
  choices: usize,
  message: usize,
  rows: usize,
  chi: usize,
): void {
  extendReceiver(labels, vsid, seeds, choices, message, rows, EXTENDED)
  wipeExtended()
  clearColumns(SUM)
  for (let j: usize = 0; j < <usize>EXTENDED; j++) addNumber(SUM, vector + 32 * j, choiceMask(choices, j))
  storeSum(chi, SUM)
  wipe()
}

/**
 * Alice's answer.
 *
 * @param inputs a_0 ‖ a_1 ‖ η̂, the last one random
 * @param answer takes ã ‖ η ‖ μ
 * @param shares takes c_0 ‖ c_1
 * @returns CHEAT if Bob's message is not consistent
 */
export function multiply(
  labels: usize,
  vsid: usize,
  vector: usize,
  seeds: usize,
  delta: usize,
  message: usize,
  inputs: usize,
  answer: usize,
  shares: usize,
): i32 {
  if (!extendSender(labels, vsid, seeds, delta, message, EXTENDED)) {
    wipeExtended()
    return CHEAT
  }
  startTagged(PREFIX, labels + LABEL_OTE_PAD, vsid, PAD_ITEM_BYTES)
  for (let j: u32 = 0; j < <u32>EXTENDED; j += 4) {
    hashPads(PADS + j * PAYLOAD_ROW_BYTES, ROWS, ZERO_ROW, j)
    hashPads(FLIPPED_PADS, ROWS, delta, j)
    for (let lane: u32 = 0; lane < 4; lane++) {
      for (let k: u32 = 0; k < <u32>WIDTH; k++) {
        const offset = (j + lane) * PAYLOAD_ROW_BYTES + 32 * k
        clearColumns(SUM)
        // Twice the order is more than any pad, so that no sum is negative.
        addLimbs(SUM, ORDER, ALL)
        addLimbs(SUM, ORDER, ALL)
        addNumber(SUM, PADS + offset, ALL)
        addNumber(SUM, inputs + 32 * k, ALL)
        loadNumber(LIMB_SPACE, FLIPPED_PADS + lane * PAYLOAD_ROW_BYTES + 32 * k)
        subtractLimbs(SUM, LIMB_SPACE)
        storeSum(answer + offset, SUM)
      }
    }
  }
  deriveTheta(labels, vsid, answer)

  clearColumns(SUM)
  addCombination(SUM, inputs)
  storeSum(answer + ETA_OFFSET, SUM)
  for (let j: usize = 0; j < <usize>EXTENDED; j++) {
    clearColumns(SUM)
    addCombination(SUM, PADS + j * PAYLOAD_ROW_BYTES)
    storeSum(CHECKED + 32 * j, SUM)
  }
  hashQuarters(DIGEST, labels + LABEL_MU, vsid, CHECKED, MU_QUARTER_BYTES)
  memory.copy(answer + MU_OFFSET, DIGEST, 32)

  foldPads(vector)
  for (let k: usize = 0; k < 2; k++) {
    reduceColumns(LIMB_SPACE, PRODUCTS + 80 * k)
    clearColumns(SUM)
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
 * @param choices the first 416 bits of what {@link start} was given
 * @param rows what {@link start} gave
 * @param answer ã ‖ η ‖ μ
 * @param shares takes d_0 ‖ d_1
 * @returns INVALID for a number that is not below n, CHEAT if Alice's answer is not consistent
 */
export function finish(
  labels: usize,
  vsid: usize,
  vector: usize,
  rows: usize,
  choices: usize,
  answer: usize,
  shares: usize,
): i32 {
  for (let at = answer; at <= answer + ETA_OFFSET; at += 32) {
    loadNumber(LIMB_SPACE, at)
    if (isBelow(LIMB_SPACE, ORDER) === 0) {
      wipe()
      return INVALID
    }
  }
  deriveTheta(labels, vsid, answer)
  const negatedEta = LIMB_SPACE + 192
  loadNumber(LIMB_SPACE, answer + ETA_OFFSET)
  clearColumns(SUM)
  addLimbs(SUM, ORDER, ALL)
  subtractLimbs(SUM, LIMB_SPACE)
  reduceColumns(negatedEta, SUM)

  startTagged(PREFIX, labels + LABEL_OTE_PAD, vsid, PAD_ITEM_BYTES)
  for (let j: u32 = 0; j < <u32>EXTENDED; j += 4) {
    hashPads(PADS + j * PAYLOAD_ROW_BYTES, rows, ZERO_ROW, j)
    for (let lane: u32 = 0; lane < 4; lane++) {
      const mask = choiceMask(choices, j + lane)
      const row = (j + lane) * PAYLOAD_ROW_BYTES
      for (let k: u32 = 0; k < <u32>WIDTH; k++) {
        const offset = row + 32 * k
        clearColumns(SUM)
        addNumber(SUM, PADS + offset, ALL)
        addNumber(SUM, answer + offset, mask)
        storeSum(PADS + offset, SUM)
      }
      clearColumns(SUM)
      addCombination(SUM, PADS + row)
      addLimbs(SUM, negatedEta, mask)
      storeSum(CHECKED + 32 * (j + lane), SUM)
    }
  }
  hashQuarters(DIGEST, labels + LABEL_MU, vsid, CHECKED, MU_QUARTER_BYTES)
  const received = answer + MU_OFFSET
  const difference = v128.or(
    v128.xor(v128.load(DIGEST), v128.load(received)),
    v128.xor(v128.load(DIGEST, 16), v128.load(received, 16)),
  )
  const consistent = !v128.any_true(difference)
  if (consistent) {
    foldPads(vector)
    for (let k: usize = 0; k < 2; k++) storeSum(shares + 32 * k, PRODUCTS + 80 * k)
  }
  wipe()
  return consistent ? OK : CHEAT
}

/** The three pads of four rows: TH("ote-pad", vsid, row ⊕ flip ‖ j ‖ k). */
function hashPads(out: usize, rows: usize, flip: usize, j: u32): void {
  padBlocks(PAD_ITEM_BYTES, PAD_ITEM_BYTES)
  for (let lane: u32 = 0; lane < 4; lane++) {
    const block = BLOCKS + lane * BLOCK_BYTES
    v128.store(block, v128.xor(v128.load(rows + (j + lane) * ROW_BYTES), v128.load(flip)))
    store<u32>(block, bswap<u32>(j + lane), 16)
  }
  for (let k: u32 = 0; k < <u32>WIDTH; k++) {
    for (let lane: u32 = 0; lane < 4; lane++) store<u32>(BLOCKS + lane * BLOCK_BYTES, bswap<u32>(k), 20)
    hashBlocks(out + 32 * k, PAYLOAD_ROW_BYTES, PREFIX)
  }
}

/** θ_k = TH("theta", TH("vole-payload", vsid, ã), k), held in Montgomery form. */
function deriveTheta(labels: usize, vsid: usize, payload: usize): void {
  hashQuarters(DIGEST, labels + LABEL_VOLE_PAYLOAD, vsid, payload, PAYLOAD_QUARTER_BYTES)
  startTagged(PREFIX, labels + LABEL_THETA, DIGEST, 4)
  padBlocks(4, 4)
  store<u32>(BLOCKS + BLOCK_BYTES, bswap<u32>(1))
  hashBlocks(DIGEST, 32, PREFIX)
  for (let k: usize = 0; k < 2; k++) {
    loadNumber(LIMB_SPACE, DIGEST + 32 * k)
    toMontgomery(THETA + 48 * k, LIMB_SPACE)
  }
}

/** sum += row_2 + θ_0·row_0 + θ_1·row_1 */
function addCombination(sum: usize, row: usize): void {
  for (let k: usize = 0; k < 2; k++) {
    loadNumber(LIMB_SPACE, row + 32 * k)
    montgomery(LIMB_SPACE + 48, LIMB_SPACE, THETA + 48 * k)
    addLimbs(sum, LIMB_SPACE + 48, ALL)
  }
  addNumber(sum, row + 64, ALL)
}

/** PRODUCTS_k = Σ g_j·pads_{j,k} for the two columns of inputs. */
function foldPads(vector: usize): void {
  memory.fill(PRODUCTS, 0, 160)
  for (let j: usize = 0; j < <usize>EXTENDED; j++) {
    loadNumber(LIMB_SPACE, vector + 32 * j)
    toMontgomery(LIMB_SPACE + 96, LIMB_SPACE)
    for (let k: usize = 0; k < 2; k++) {
      loadNumber(LIMB_SPACE, PADS + j * PAYLOAD_ROW_BYTES + 32 * k)
      montgomery(LIMB_SPACE + 48, LIMB_SPACE, LIMB_SPACE + 96)
      addLimbs(PRODUCTS + 80 * k, LIMB_SPACE + 48, ALL)
    }
  }
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
  memory.fill(DIGEST, 0, DIGESTS_BYTES)
  memory.fill(THETA, 0, THETA_BYTES)
  memory.fill(PADS, 0, OT_WORK_BYTES)
  memory.fill(FLIPPED_PADS, 0, 384)
  memory.fill(CHECKED, 0, CHECKED_BYTES)
  memory.fill(LIMB_SPACE, 0, LIMB_SPACE_BYTES)
  memory.fill(PRODUCTS, 0, 160)
  wipeColumns(SUM)
  wipeBlocks()
  wipeSchedule()
}
