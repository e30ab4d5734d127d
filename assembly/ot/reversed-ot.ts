import { OK } from '../memory'
import { COLUMNS, ROW_BYTES } from './bit-matrix'
import { extendReceiver, extendSender, ROWS, U_DIGEST, wipeExtended } from './extension'
import { LABEL_OT_REVERSED_KEY } from './labels'
import { CHEAT } from './memory'
import { BLOCK_BYTES, STATES_BYTES, wipeSchedule } from './sha256'
import { BLOCKS, hashBlocks, padBlocks, startTagged, wipeBlocks } from './tagged-hash'

/**
 * Base OTs of the other direction: 128 transfers that are extended from those of the first direction (eprint 2021/682, §7).
 * The sender of the first direction is the receiver here, with its own choices.
 *
 * Every key TH("ot-reversed-key", TH("ote-u", vsid, u), row ‖ j) depends on all of u.
 */

const TRANSFERS: i32 = COLUMNS
const KEY_BYTES: usize = 32
const KEY_ITEM_BYTES: i32 = 20

const PREFIX = memory.data(128, 16)
const ZERO_ROW = memory.data(16, 16)

function hashKeys(labels: usize, rows: usize, flip: usize, keys: usize, stride: usize): void {
  startTagged(PREFIX, labels + LABEL_OT_REVERSED_KEY, U_DIGEST, KEY_ITEM_BYTES)
  padBlocks(KEY_ITEM_BYTES, KEY_ITEM_BYTES)
  for (let first: usize = 0; first < <usize>TRANSFERS; first += 4) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const block = BLOCKS + lane * BLOCK_BYTES
      v128.store(block, v128.xor(v128.load(rows + (first + lane) * ROW_BYTES), v128.load(flip)))
      store<u32>(block, bswap<u32>(<u32>(first + lane)), 16)
    }
    hashBlocks(keys + first * stride, stride, PREFIX)
  }
}

function wipe(): void {
  memory.fill(PREFIX, 0, STATES_BYTES)
  wipeBlocks()
  wipeSchedule()
  wipeExtended()
}

/**
 * Extends as the receiver.
 *
 * @param seeds the 128 pairs of keys of the base OTs
 * @param choices 128 choice bits, and 128 bits that mask the check
 * @param message output: u ‖ x ‖ t, 6,160 bytes
 * @param rows output: 128 rows. Secret; the caller wipes them.
 * @param keys output: 128 keys of 32 bytes, of the chosen branches
 */
export function receive(
  labels: usize,
  vsid: usize,
  seeds: usize,
  choices: usize,
  message: usize,
  rows: usize,
  keys: usize,
): void {
  extendReceiver(labels, vsid, seeds, choices, message, rows, TRANSFERS)
  hashKeys(labels, rows, ZERO_ROW, keys, KEY_BYTES)
  wipe()
}

/**
 * Extends as the sender. The receiver's row equals the sender's row, ⊕ Δ if the receiver's choice is 1. So the keys of branch
 * 1 are hashed from row ⊕ Δ.
 *
 * @param seeds 128 keys of the base OTs, the i-th of branch 1 ⊕ Δ_i
 * @param delta Δ, 16 bytes
 * @param message the receiver's message
 * @param keys output: 128 pairs of keys of 32 bytes
 * @returns CHEAT if the receiver's message is not consistent
 */
export function send(labels: usize, vsid: usize, seeds: usize, delta: usize, message: usize, keys: usize): i32 {
  const isConsistent = extendSender(labels, vsid, seeds, delta, message, TRANSFERS)
  if (isConsistent) {
    hashKeys(labels, ROWS, ZERO_ROW, keys, 2 * KEY_BYTES)
    hashKeys(labels, ROWS, delta, keys + KEY_BYTES, 2 * KEY_BYTES)
  }
  wipe()
  return isConsistent ? OK : CHEAT
}
