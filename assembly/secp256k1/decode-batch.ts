import { INVALID, OK, POINT_BYTES } from '../memory'
import { Secp256k1 } from '../field/curve'
import { extract, insert, Pair, Single, size, spread } from '../field/lanes'
import { isEqual, reverse, unpack } from '../field/limbs'
import { conditionalNegateCarried, normalize, zeroMask } from '../field/prime'
import { storePoint } from './affine'
import { copy, multiply, QUAD_BYTES, raise, square, subtractCarried } from './quad'

type C = Secp256k1

const ENCODED_BYTES: usize = 33

const SCRATCH = memory.data(2080, 16)
const X: usize = SCRATCH
const Y: usize = X + QUAD_BYTES
const CUBE: usize = Y + QUAD_BYTES
const CHECK: usize = CUBE + QUAD_BYTES
const POWERS: usize = CHECK + QUAD_BYTES
/** One point while it is read, checked and stored. */
const XY: usize = POWERS + 8 * QUAD_BYTES
const BYTES: usize = XY + 2 * 48


@inline
function halfOf(quad: usize, i: usize): usize {
  return quad + (i >> 1) * size<Pair>()
}

/** Loads x of the i-th of four points. False if it is not canonical. */
function loadX(i: usize, bytes: usize): bool {
  const prefix = load<u8>(bytes)
  reverse(BYTES, bytes + 1)
  unpack(XY, BYTES)
  normalize<C>(XY + size<Single>(), XY)
  insert(halfOf(X, i), XY, i & 1)
  return (prefix == 2 || prefix == 3) && isEqual(XY, XY + size<Single>()) != 0
}

/** Stores the i-th of four points, with the y of the parity in the prefix. */
function storeSigned(r: usize, i: usize, prefix: u32): void {
  const y = XY + size<Single>()
  extract(XY, halfOf(X, i), i & 1)
  extract(y, halfOf(Y, i), i & 1)
  normalize<C>(y, y)
  const negate = -(<i32>((load<u32>(y) ^ prefix) & 1))
  conditionalNegateCarried<C, Single>(y, y, spread<Single>(negate, negate))
  storePoint(r, XY)
}

/** Decodes and stores four points. False if one is invalid. */
function decodeFour(r: usize, bytes: usize): bool {
  for (let i: usize = 0; i < 4; i++) if (!loadX(i, bytes + i * ENCODED_BYTES)) return false
  square(CUBE, X)
  multiply(CUBE, CUBE, X)
  for (let i: usize = 0; i < 4; i++) {
    const lowest = halfOf(CUBE, i) + 4 * (i & 1)
    store<u32>(lowest, load<u32>(lowest) + 7)
  }
  // c^((p+1)/4) = c·c^((p−3)/4)
  copy(Y, CUBE)
  raise(Y, POWERS)
  multiply(Y, Y, CUBE)
  square(CHECK, Y)
  subtractCarried(CHECK, CHECK, CUBE)
  const isRoot = v128.and(zeroMask<C, Pair>(CHECK), zeroMask<C, Pair>(CHECK + size<Pair>()))
  if (!i32x4.all_true(isRoot)) return false
  for (let i: usize = 0; i < 4; i++) storeSigned(r + i * POINT_BYTES, i, load<u8>(bytes + i * ENCODED_BYTES))
  return true
}

/** Decodes and stores `count` points, a multiple of four, of 33 public bytes each (SEC 1 §2.3.4). Takes four roots at once. */
export function decodePoints(r: usize, bytes: usize, count: i32): i32 {
  let isValid = true
  for (let i: usize = 0; isValid && i < <usize>count; i += 4) {
    isValid = decodeFour(r + i * POINT_BYTES, bytes + i * ENCODED_BYTES)
  }
  memory.fill(SCRATCH, 0, BYTES + 32 - SCRATCH)
  return isValid ? OK : INVALID
}
