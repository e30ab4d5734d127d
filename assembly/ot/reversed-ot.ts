import { OK } from '../memory'
import { COLUMNS, ROW_BYTES } from './bit-matrix'
import { extendReceiver, extendSender, ROWS, U_DIGEST, wipeExtended } from './extension'
import { LABEL_OT_REVERSED_KEY } from './labels'
import { CHEAT } from './memory'
import { BLOCK_BYTES, STATES_BYTES, wipeSchedule } from './sha256'
import { BLOCKS, hashBlocks, padBlocks, startTagged, wipeBlocks } from './tagged-hash'

/**
 * Base OTs of the other direction, out of an extension of those of the first to 128 transfers (eprint 2021/682, §7): who
 * sent the base OTs is the receiver here, and its choices are its own.
 *
 * A key hangs on all of u: TH("ot-reversed-key", TH("ote-u", vsid, u), row ‖ j).
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
 * The receiver's message u ‖ x ‖ t of 6,160 bytes, and its keys.
 *
 * @param seeds the 128 pairs of keys of the base OTs
 * @param choices 128 choices, and 128 bits that mask the check
 * @param rows takes 128 rows, secret, wiped by the caller
 * @param keys takes 128 keys, of the chosen branches
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
 * The sender's keys of both branches. Branch 1 is hashed from row ⊕ Δ: the receiver's row is the sender's, ⊕ Δ where its
 * choice is one.
 *
 * @param seeds 128 keys of the base OTs, of branch 1 ⊕ Δ_i
 * @param delta Δ, 16 bytes
 * @param keys takes 128 pairs
 * @returns CHEAT if the receiver was not consistent
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
