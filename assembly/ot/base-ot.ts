import { INVALID, OK, POINT_BYTES, UNDEFINED, WORK, wipeScratch } from '../memory'
import { BATCH_STRIDE, encodePoint, storeJacobian } from '../secp256k1/affine'
import { multiplyBase } from '../secp256k1/base-batch'
import { decodePoints } from '../secp256k1/decode'
import { decodePoints as decodeFours } from '../secp256k1/decode-batch'
import { mapTwoAndAdd, UNIFORM_BYTES, wipeMap } from '../secp256k1/hash-to-curve'
import { multiplyOnePoint } from '../secp256k1/one-point'
import { multiplyByOneScalar } from '../secp256k1/one-scalar'
import { COLUMNS } from './bit-matrix'
import { expandFour } from './expand-message'
import { LABEL_OT_CONTEXT, LABEL_OT_KEY, LABEL_OT_OFFER } from './labels'
import { OT_WORK, OT_WORK_BYTES } from './memory'
import { BLOCK_BYTES, STATES_BYTES, wipeSchedule } from './sha256'
import { BLOCKS, hashBlocks, hashQuarters, padBlocks, startTagged, wipeBlocks } from './tagged-hash'

/**
 * Batch endemic OT (McQuoid, Rosulek, Roy, eprint 2021/682, Figure 3) with the streamlined Feistel POPF of its Figure 7. It
 * makes 128 transfers in one direction, for which the sender has one secret b.
 *
 * An offer is a string s and a point T. Its branch c is the point T + HC(otSid, i, c, s ⊕ c·enc(T)).
 */

const BRANCHES: i32 = 2 * COLUMNS
export const ENCODED_BYTES: usize = 33
/** Bytes of an offer s ‖ T. */
const OFFER_BYTES: usize = 2 * ENCODED_BYTES
/** Bytes of a quarter of 128 offers. */
const QUARTER_BYTES: i32 = 2112
const KEY_BYTES: usize = 32
/** Bytes of i ‖ c ‖ point, from which a key is hashed. */
const KEY_ITEM_BYTES: i32 = 38
/** Bytes of the input of HC: otSid ‖ u32 i ‖ u8 c ‖ 33 bytes. */
const TWEAK_BYTES: usize = 70
const TWEAK_STRING: usize = 37

const POINTS: usize = OT_WORK
const ENCODED: usize = POINTS + <usize>BRANCHES * POINT_BYTES

const TWEAKS = memory.data(288, 16)
const UNIFORM = memory.data(384, 16)
const CONTEXT = memory.data(128, 16)
const PREFIX = memory.data(128, 16)


@inline
function choiceBit(choices: usize, i: usize): u32 {
  return ((<u32>load<u8>(choices + (i >> 3))) >> (<u32>(i & 7))) & 1
}

/** r = a ⊕ choice·b for 33 bytes. r may be a. */
function xorChosen(r: usize, a: usize, choice: u32, b: usize): void {
  const mask = <u8>(0 - choice)
  for (let i: usize = 0; i < ENCODED_BYTES; i++) store<u8>(r + i, load<u8>(a + i) ^ (load<u8>(b + i) & mask))
}

/** Writes the input of HC for a lane, without its string. Returns where the string belongs. */
function startTweak(lane: usize, otSid: usize, index: u32, branch: u32): usize {
  const at = TWEAKS + lane * TWEAK_BYTES
  memory.copy(at, otSid, 32)
  store<u32>(at, bswap<u32>(index), 32)
  store<u8>(at, <u8>branch, 36)
  return at + TWEAK_STRING
}

function expandTweaks(domain: usize, domainLength: i32): void {
  expandFour(UNIFORM, TWEAKS, TWEAK_BYTES, <i32>TWEAK_BYTES, domain, domainLength)
}

/** CONTEXT = TH("ot-context", TH("ot-offer", otSid, offers), z), four times. All keys depend on it. */
function hashContext(labels: usize, otSid: usize, offers: usize, z: usize): void {
  hashQuarters(CONTEXT, labels + LABEL_OT_OFFER, otSid, offers, QUARTER_BYTES)
  startTagged(PREFIX, labels + LABEL_OT_CONTEXT, CONTEXT, <i32>ENCODED_BYTES)
  padBlocks(<i32>ENCODED_BYTES, <i32>ENCODED_BYTES)
  for (let lane: usize = 0; lane < 4; lane++) memory.copy(BLOCKS + lane * BLOCK_BYTES, z, ENCODED_BYTES)
  hashBlocks(CONTEXT, 32, PREFIX)
}

function startKeys(labels: usize): void {
  startTagged(PREFIX, labels + LABEL_OT_KEY, CONTEXT, KEY_ITEM_BYTES)
  padBlocks(KEY_ITEM_BYTES, KEY_ITEM_BYTES)
}

/** Writes the input i ‖ c ‖ point of a lane's key TH("ot-key", CONTEXT, i ‖ c ‖ point). */
function putKey(lane: usize, index: u32, branch: u32, point: usize): void {
  const block = BLOCKS + lane * BLOCK_BYTES
  store<u32>(block, bswap<u32>(index))
  store<u8>(block, <u8>branch, 4)
  encodePoint(block + 5, point)
}

function wipe(): void {
  memory.fill(OT_WORK, 0, OT_WORK_BYTES)
  memory.fill(WORK, 0, <usize>BRANCHES * BATCH_STRIDE)
  memory.fill(TWEAKS, 0, 4 * TWEAK_BYTES)
  memory.fill(UNIFORM, 0, 4 * UNIFORM_BYTES)
  memory.fill(CONTEXT, 0, 128)
  memory.fill(PREFIX, 0, STATES_BYTES)
  wipeMap()
  wipeBlocks()
  wipeSchedule()
  wipeScratch()
}

/**
 * Computes the receiver's message. For its choice c and a random string u, it is T = t·G − HC(otSid, i, c, u) and
 * s = u ⊕ c·enc(T).
 *
 * The choice is part of the data that HC hashes in constant time. So the other branch need not be computed.
 *
 * @param choices 128 bits
 * @param exponents 128 scalars t
 * @param strings 128 strings u of 33 bytes
 * @param offers output: s ‖ T of each transfer
 */
export function offer(
  otSid: usize,
  domain: usize,
  domainLength: i32,
  choices: usize,
  exponents: usize,
  strings: usize,
  offers: usize,
): void {
  multiplyBase(POINTS, exponents, COLUMNS)
  for (let first: usize = 0; first < <usize>COLUMNS; first += 4) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const i = first + lane
      const u = startTweak(lane, otSid, <u32>i, choiceBit(choices, i))
      memory.copy(u, strings + i * ENCODED_BYTES, ENCODED_BYTES)
    }
    expandTweaks(domain, domainLength)
    for (let two: usize = 0; two < 4; two += 2) {
      const point = POINTS + (first + two) * POINT_BYTES
      mapTwoAndAdd(WORK + (first + two) * BATCH_STRIDE, UNIFORM + two * UNIFORM_BYTES, point, point + POINT_BYTES, -1)
    }
  }
  storeJacobian(POINTS, WORK, COLUMNS)
  for (let i: usize = 0; i < <usize>COLUMNS; i++) {
    const s = offers + i * OFFER_BYTES
    encodePoint(s + ENCODED_BYTES, POINTS + i * POINT_BYTES)
    xorChosen(s, strings + i * ENCODED_BYTES, choiceBit(choices, i), s + ENCODED_BYTES)
  }
  wipe()
}

/** POINTS = both branches of every offer, for the points T in the second half of POINTS. */
function evaluateBranches(otSid: usize, domain: usize, domainLength: i32, offers: usize): void {
  const received = POINTS + <usize>COLUMNS * POINT_BYTES
  for (let first: usize = 0; first < <usize>COLUMNS; first += 2) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const i = first + (lane >> 1)
      const branch = (<u32>lane) & 1
      const s = offers + i * OFFER_BYTES
      xorChosen(startTweak(lane, otSid, <u32>i, branch), s, branch, s + ENCODED_BYTES)
    }
    expandTweaks(domain, domainLength)
    for (let two: usize = 0; two < 2; two++) {
      const point = received + (first + two) * POINT_BYTES
      mapTwoAndAdd(WORK + 2 * (first + two) * BATCH_STRIDE, UNIFORM + 2 * two * UNIFORM_BYTES, point, point, 0)
    }
  }
  storeJacobian(POINTS, WORK, BRANCHES)
}

/** Whether one of the points of both branches is the identity. */
function hasIdentity(): bool {
  for (let i: usize = 0; i < <usize>BRANCHES; i++) {
    const point = POINTS + i * POINT_BYTES
    const low = v128.or(v128.load(point), v128.load(point, 16))
    if (!v128.any_true(v128.or(low, v128.or(v128.load(point, 32), v128.load(point, 48))))) return true
  }
  return false
}

/**
 * Computes the sender's z = b·G, and its keys of both branches, which are hashes of b times the branches' points.
 *
 * @param offers the receiver's message
 * @param secret b
 * @param z output: 33 bytes
 * @param keys output: 128 pairs of keys of 32 bytes
 * @param context output: the hash that the keys depend on, 32 bytes
 * @returns INVALID if an offer is not a point, UNDEFINED if a point cancels its hash: anybody could compute that key
 */
export function respond(
  labels: usize,
  otSid: usize,
  domain: usize,
  domainLength: i32,
  offers: usize,
  secret: usize,
  z: usize,
  keys: usize,
  context: usize,
): i32 {
  for (let i: usize = 0; i < <usize>COLUMNS; i++) {
    memory.copy(ENCODED + i * ENCODED_BYTES, offers + i * OFFER_BYTES + ENCODED_BYTES, ENCODED_BYTES)
  }
  if (decodeFours(POINTS + <usize>COLUMNS * POINT_BYTES, ENCODED, COLUMNS) != OK) {
    wipe()
    return INVALID
  }
  evaluateBranches(otSid, domain, domainLength, offers)
  if (hasIdentity()) {
    wipe()
    return UNDEFINED
  }
  multiplyBase(ENCODED, secret, 1)
  encodePoint(z, ENCODED)
  multiplyByOneScalar(POINTS, POINTS, secret, BRANCHES)
  hashContext(labels, otSid, offers, z)
  startKeys(labels)
  for (let first: usize = 0; first < <usize>BRANCHES; first += 4) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const at = first + lane
      putKey(lane, <u32>(at >> 1), (<u32>at) & 1, POINTS + at * POINT_BYTES)
    }
    hashBlocks(keys + first * KEY_BYTES, KEY_BYTES, PREFIX)
  }
  memory.copy(context, CONTEXT, 32)
  wipe()
  return OK
}

/**
 * Computes the receiver's keys of the chosen branches, which are hashes of t·z.
 *
 * @param exponents 128 scalars t
 * @param offers the receiver's own message
 * @param z the sender's point
 * @param keys output: 128 keys of 32 bytes
 * @param context output: as in {@link respond}
 * @returns INVALID if z is not a point
 */
export function finish(
  labels: usize,
  otSid: usize,
  choices: usize,
  exponents: usize,
  offers: usize,
  z: usize,
  keys: usize,
  context: usize,
): i32 {
  if (decodePoints(ENCODED, z, 1) != OK) {
    wipe()
    return INVALID
  }
  multiplyOnePoint(POINTS, ENCODED, exponents, COLUMNS)
  hashContext(labels, otSid, offers, z)
  startKeys(labels)
  for (let first: usize = 0; first < <usize>COLUMNS; first += 4) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const i = first + lane
      putKey(lane, <u32>i, choiceBit(choices, i), POINTS + i * POINT_BYTES)
    }
    hashBlocks(keys + first * KEY_BYTES, KEY_BYTES, PREFIX)
  }
  memory.copy(context, CONTEXT, 32)
  wipe()
  return OK
}
