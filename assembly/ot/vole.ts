import { isBelow } from '../field/limbs'
import { INVALID, OK } from '../memory'
import { ORDER } from '../secp256k1/constants.gen'
import { addLimbs, clearColumns, loadNumber, reduceColumns, subtractLimbs } from './columns'
import { ROWS, extendReceiver, extendSender, hashTranscript, wipeExtended } from './extension'
import { LABEL_OTE_PAD, LABEL_VOLE_CHECK } from './labels'
import { CHEAT } from './memory'
import { hashQuarters, startTagged } from './tagged-hash'
import {
  EXTENDED,
  WIDTH,
  MATRIX_ROW_BYTES,
  CHECK_OFFSET,
  V_OFFSET,
  CHECK_QUARTER_BYTES,
  PAD_ITEM_BYTES,
  ALL,
  PREFIX,
  ZERO_ROW,
  CONTEXT,
  TRANSCRIPT,
  PADS,
  FLIPPED_PADS,
  CHECKED,
  MATRIX_DIGEST,
  DIGEST,
  LIMB_SPACE,
  SUM,
  deriveContext,
  hashPads,
  deriveWeights,
  deriveVector,
  addCombination,
  foldPads,
  takeProduct,
  choiceMask,
  addNumber,
  storeSum,
  wipe,
} from './vole-work'

/**
 * Random vector OLE: Variant II of Asharov, eprint 2026/976, with two inputs and one column that masks the check. Alice
 * (the sender) has α_0, α_1 and gets t_0, t_1. Bob (the receiver) gets β, r_0, r_1 with t_c + r_c = α_c·β. Numbers are 32
 * big-endian bytes.
 *
 * Pads are hashes of extended rows, which neither party can choose. The weights χ are hashes of the whole transcript of
 * the extension and of the matrix. The vector g is a hash of these and of the rest of Alice's message. So neither can be
 * known before the values that it checks are fixed.
 *
 * Deviation: pads, χ and g are 32 hashed bytes reduced modulo n. They are within 2^-127 of uniform, since
 * 2^256 − n < 2^129.
 */

/**
 * Computes Bob's message, the extension.
 *
 * @param message output: u ‖ x ‖ t
 * @param rows output: 768 rows of 16 bytes, for {@link finish}
 * @param transcript output: the hash of the message, for {@link finish}
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
 * Computes Alice's response.
 *
 * @param inputs α_0 ‖ α_1 ‖ α̂, all random
 * @param response output: Q ‖ H(u) ‖ v
 * @param shares output: t_0 ‖ t_1
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
  response: usize,
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
        // Twice the order is added, which is more than any pad. So no sum is negative.
        addLimbs(SUM, ORDER, ALL)
        addLimbs(SUM, ORDER, ALL)
        addNumber(SUM, PADS + offset, ALL)
        addNumber(SUM, inputs + 32 * k, ALL)
        loadNumber(LIMB_SPACE, FLIPPED_PADS + lane * MATRIX_ROW_BYTES + 32 * k)
        subtractLimbs(SUM, LIMB_SPACE)
        storeSum(response + offset, SUM)
      }
    }
  }
  deriveWeights(labels, response)
  clearColumns(SUM)
  addCombination(SUM, inputs)
  storeSum(response + V_OFFSET, SUM)
  for (let j: usize = 0; j < <usize>EXTENDED; j++) {
    clearColumns(SUM)
    addCombination(SUM, PADS + j * MATRIX_ROW_BYTES)
    storeSum(CHECKED + 32 * j, SUM)
  }
  hashQuarters(DIGEST, labels + LABEL_VOLE_CHECK, MATRIX_DIGEST, CHECKED, CHECK_QUARTER_BYTES)
  memory.copy(response + CHECK_OFFSET, DIGEST, 32)

  deriveVector(labels, response)
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
 * Computes Bob's result.
 *
 * @param rows the output of {@link start}
 * @param choices the input of {@link start}, of which the first 768 bits are used
 * @param transcript the output of {@link start}
 * @param response Alice's response Q ‖ H(u) ‖ v
 * @param results output: β ‖ r_0 ‖ r_1
 * @returns INVALID if a number is not below n, CHEAT if Alice's response is not consistent
 */
export function finish(
  labels: usize,
  vsid: usize,
  rows: usize,
  choices: usize,
  transcript: usize,
  response: usize,
  results: usize,
): i32 {
  let below = -1
  for (let at = response; at < response + CHECK_OFFSET; at += 32) {
    loadNumber(LIMB_SPACE, at)
    below &= isBelow(LIMB_SPACE, ORDER)
  }
  loadNumber(LIMB_SPACE, response + V_OFFSET)
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
  deriveWeights(labels, response)
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
        addNumber(SUM, response + offset, mask)
        storeSum(PADS + offset, SUM)
      }
      clearColumns(SUM)
      addCombination(SUM, PADS + row)
      addLimbs(SUM, negatedV, mask)
      storeSum(CHECKED + 32 * (j + lane), SUM)
    }
  }
  hashQuarters(DIGEST, labels + LABEL_VOLE_CHECK, MATRIX_DIGEST, CHECKED, CHECK_QUARTER_BYTES)
  const received = response + CHECK_OFFSET
  const difference = v128.or(
    v128.xor(v128.load(DIGEST), v128.load(received)),
    v128.xor(v128.load(DIGEST, 16), v128.load(received, 16)),
  )
  const consistent = !v128.any_true(difference)
  if (consistent) {
    deriveVector(labels, response)
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
