import { INVALID, OK, POINT_BYTES, SCALAR_BYTES, UNDEFINED, WORK, wipeScratch } from '../memory'
import { Secp256k1 } from '../field/curve'
import { Single, size, spread } from '../field/lanes'
import { conditionalNegateCarried } from '../field/prime'
import { BATCH_STRIDE, encodePoint, loadJacobian, storeJacobian } from '../secp256k1/affine'
import { multiplyBase } from '../secp256k1/base-batch'
import { decodePoints } from '../secp256k1/decode-batch'
import { mapToCurve, UNIFORM_BYTES, wipeMap } from '../secp256k1/hash-to-curve'
import { multiplyPoints } from '../secp256k1/multiply'
import { addComplete } from '../secp256k1/point'
import { COLUMNS } from './bit-matrix'
import { expandFour } from './expand-message'
import { OT_WORK, OT_WORK_BYTES } from './memory'
import { ENCODED_BYTES, hashKeys, KEY_BYTES, putKey, startKeys, wipeKeys } from './transfer-key'

/**
 * Endemic OT (Masny–Rindal, eprint 2019/706), 128 transfers of a direction in one call for each message.
 *
 * `about` is the tag's SHA-256 ‖ otSid, 32 bytes each, and the domain of the hash to the curve.
 */

const BRANCHES: i32 = 2 * COLUMNS
const OFFER_BYTES: usize = 2 * ENCODED_BYTES
const SID: usize = 32
const DOMAIN: usize = 64
/** HC(otSid, i, b, r): otSid ‖ u32 i ‖ u8 b ‖ r */
const TWEAK_BYTES: i32 = 70

const POINTS: usize = OT_WORK
/** 256 encoded or 128 stored points, and 256 scalars. */
const OTHERS: usize = POINTS + <usize>BRANCHES * POINT_BYTES
const SCALARS: usize = OTHERS + <usize>BRANCHES * ENCODED_BYTES

const TWEAKS = memory.data(288, 16)
const UNIFORM = memory.data(384, 16)
/** A Jacobian point. */
const SUMMAND = memory.data(144, 16)


@inline
function choiceBit(choices: usize, i: usize): u32 {
  return ((<u32>load<u8>(choices + (i >> 3))) >> (<u32>(i & 7))) & 1
}

function putTweak(i: usize, about: usize, index: u32, branch: u32, other: usize): void {
  const at = TWEAKS + i * TWEAK_BYTES
  memory.copy(at, about + SID, 32)
  store<u32>(at, bswap<u32>(index), 32)
  store<u8>(at, <u8>branch, 36)
  memory.copy(at + 37, other, ENCODED_BYTES)
}

/** Hashes the four tweaks to Jacobian points `first`, first + 1 … in WORK. */
function hashTweaks(first: usize, about: usize, domainLength: i32): void {
  expandFour(UNIFORM, TWEAKS, TWEAK_BYTES, TWEAK_BYTES, about + DOMAIN, domainLength)
  mapToCurve(WORK + first * BATCH_STRIDE, UNIFORM, 4)
}

/** POINTS_i = POINTS_i ± the hash point i in WORK. */
function addToHashes(count: i32, sign: i32): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    const hash = WORK + i * BATCH_STRIDE
    const y = hash + size<Single>()
    conditionalNegateCarried<Secp256k1, Single>(y, y, spread<Single>(sign, sign))
    loadJacobian(SUMMAND, POINTS + i * POINT_BYTES)
    addComplete<Single>(hash, SUMMAND)
  }
  storeJacobian(POINTS, WORK, count)
}

/** r = choice ? b : a, for two encoded points. */
function select(r: usize, choice: u32, a: usize, b: usize): void {
  const mask = <u8>(0 - choice)
  for (let i: usize = 0; i < ENCODED_BYTES; i++) {
    const x = load<u8>(a + i)
    store<u8>(r + i, x ^ ((x ^ load<u8>(b + i)) & mask))
  }
}

function wipe(): void {
  memory.fill(OT_WORK, 0, OT_WORK_BYTES)
  memory.fill(WORK, 0, <usize>BRANCHES * BATCH_STRIDE)
  memory.fill(TWEAKS, 0, 4 * TWEAK_BYTES)
  memory.fill(UNIFORM, 0, 4 * UNIFORM_BYTES)
  memory.fill(SUMMAND, 0, 3 * size<Single>())
  wipeMap()
  wipeKeys()
  wipeScratch()
}

/**
 * The receiver's message: for choice c the point r_{1−c} = d·G and r_c = t·G − HC(c, r_{1−c}).
 *
 * The choice enters the hash to the curve as data, and that hash takes constant time, so the other branch is not
 * computed.
 *
 * @param choices 128 bits
 * @param scalars 128 exponents t, then 128 exponents d
 * @param message takes r_0 ‖ r_1 of each transfer
 */
export function offer(about: usize, domainLength: i32, choices: usize, scalars: usize, message: usize): void {
  multiplyBase(POINTS, scalars, BRANCHES)
  for (let first: usize = 0; first < <usize>COLUMNS; first += 4) {
    for (let i: usize = 0; i < 4; i++) {
      const index = first + i
      const other = OTHERS + index * ENCODED_BYTES
      encodePoint(other, POINTS + (<usize>COLUMNS + index) * POINT_BYTES)
      putTweak(i, about, <u32>index, choiceBit(choices, index), other)
    }
    hashTweaks(first, about, domainLength)
  }
  addToHashes(COLUMNS, -1)
  const own = SUMMAND
  for (let i: usize = 0; i < <usize>COLUMNS; i++) {
    const choice = choiceBit(choices, i)
    const other = OTHERS + i * ENCODED_BYTES
    encodePoint(own, POINTS + i * POINT_BYTES)
    select(message + i * OFFER_BYTES, choice, own, other)
    select(message + i * OFFER_BYTES + ENCODED_BYTES, choice, other, own)
  }
  wipe()
}

/**
 * The sender's message B_i = b_i·G and its keys, from b_i·(r_b + HC(b, r_{1−b})).
 *
 * @param message the receiver's
 * @param secrets 128 scalars b_i
 * @param reply takes B_i of each transfer
 * @param keys takes the keys of both branches of each transfer
 * @returns INVALID for what is not a point, UNDEFINED for one that cancels its hash: that branch's key would be public
 */
export function answer(
  about: usize,
  domainLength: i32,
  message: usize,
  secrets: usize,
  reply: usize,
  keys: usize,
): i32 {
  if (decodePoints(POINTS, message, BRANCHES) != OK) {
    wipe()
    return INVALID
  }
  for (let first: usize = 0; first < <usize>BRANCHES; first += 4) {
    for (let i: usize = 0; i < 4; i++) {
      const at = first + i
      putTweak(i, about, (<u32>at) >> 1, (<u32>at) & 1, message + (at ^ 1) * ENCODED_BYTES)
    }
    hashTweaks(first, about, domainLength)
  }
  addToHashes(BRANCHES, 0)
  for (let i: usize = 0; i < <usize>BRANCHES; i++) {
    const point = POINTS + i * POINT_BYTES
    const bits = v128.or(v128.load(point), v128.load(point, 16))
    if (v128.any_true(v128.or(bits, v128.or(v128.load(point, 32), v128.load(point, 48))))) continue
    wipe()
    return UNDEFINED
  }

  multiplyBase(OTHERS, secrets, COLUMNS)
  for (let i: usize = 0; i < <usize>COLUMNS; i++) {
    encodePoint(reply + i * ENCODED_BYTES, OTHERS + i * POINT_BYTES)
    memory.copy(SCALARS + 2 * i * SCALAR_BYTES, secrets + i * SCALAR_BYTES, SCALAR_BYTES)
    memory.copy(SCALARS + (2 * i + 1) * SCALAR_BYTES, secrets + i * SCALAR_BYTES, SCALAR_BYTES)
  }
  multiplyPoints(POINTS, POINTS, SCALARS, BRANCHES)
  startKeys(about)
  for (let first: usize = 0; first < <usize>BRANCHES; first += 4) {
    for (let i: usize = 0; i < 4; i++) {
      const at = first + i
      const index = at >> 1
      const offers = message + index * OFFER_BYTES
      putKey(i, <u32>index, (<u32>at) & 1, reply + index * ENCODED_BYTES, offers, POINTS + at * POINT_BYTES)
    }
    hashKeys(keys + first * KEY_BYTES)
  }
  wipe()
  return OK
}

/**
 * The receiver's keys, of the chosen branches, from t_i·B_i.
 *
 * @param exponents 128 scalars t_i
 * @param message the receiver's
 * @param reply the sender's
 * @returns INVALID for what is not a point
 */
export function finish(about: usize, choices: usize, exponents: usize, message: usize, reply: usize, keys: usize): i32 {
  if (decodePoints(POINTS, reply, COLUMNS) != OK) {
    wipe()
    return INVALID
  }
  multiplyPoints(POINTS, POINTS, exponents, COLUMNS)
  startKeys(about)
  for (let first: usize = 0; first < <usize>COLUMNS; first += 4) {
    for (let i: usize = 0; i < 4; i++) {
      const at = first + i
      const choice = choiceBit(choices, at)
      putKey(i, <u32>at, choice, reply + at * ENCODED_BYTES, message + at * OFFER_BYTES, POINTS + at * POINT_BYTES)
    }
    hashKeys(keys + first * KEY_BYTES)
  }
  wipe()
  return OK
}
