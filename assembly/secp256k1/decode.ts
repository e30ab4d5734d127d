import { INVALID, OK, POINT_BYTES, POINT_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { laneCount, loadLane, Pair, set, Single, size, spread, storeLane } from '../field/lanes'
import { isEqual, reverse, unpack } from '../field/limbs'
import { addCarried, conditionalNegateCarried, multiply, normalize, square } from '../field/prime'
import { storePoint } from './affine'
import { squareRoot } from './field'

type C = Secp256k1

/** Bytes of a compressed point. */
const ENCODED_BYTES: usize = 33

const X: usize = POINT_SCRATCH + 80
const Y: usize = X + 80
const CUBE: usize = Y + 80
const CHECK: usize = CUBE + 80
const XY: usize = CHECK + 80
const CANONICAL: usize = XY + 2 * 48
const OTHER: usize = CANONICAL + 48
const BYTES: usize = OTHER + 48

/** Loads the x of each encoding into its lane. False if one is not canonical. */
function loadCoordinatesVar<L>(bytes: usize): bool {
  for (let lane: usize = 0; lane < laneCount<L>(); lane++, bytes += ENCODED_BYTES) {
    const prefix = load<u8>(bytes)
    if (prefix != 2 && prefix != 3) return false
    reverse(BYTES, bytes + 1)
    unpack(XY, BYTES)
    normalize<C>(CANONICAL, XY)
    if (!isEqual(CANONICAL, XY)) return false
    storeLane<L>(X, XY, lane)
  }
  return true
}

/** All ones if the root in a lane does not have the parity in the prefix. */
function wrongParity<L>(prefix: u8, lane: usize): i32 {
  loadLane<L>(OTHER, Y, lane)
  normalize<C>(CANONICAL, OTHER)
  return -(<i32>((load<u32>(CANONICAL) ^ prefix) & 1))
}

/** Decodes and stores one public encoding for each lane. False if one is invalid. */
function decodeLanesVar<L>(r: usize, bytes: usize): bool {
  if (!loadCoordinatesVar<L>(bytes)) return false
  square<C, L>(CUBE, X)
  multiply<C, L>(CUBE, CUBE, X)
  set<L>(CHECK, 7)
  addCarried<C, L>(CUBE, CUBE, CHECK)
  squareRoot<L>(Y, CUBE)
  square<C, L>(CHECK, Y)
  for (let lane: usize = 0; lane < laneCount<L>(); lane++) {
    loadLane<L>(CANONICAL, CHECK, lane)
    normalize<C>(CANONICAL, CANONICAL)
    loadLane<L>(OTHER, CUBE, lane)
    normalize<C>(OTHER, OTHER)
    if (!isEqual(CANONICAL, OTHER)) return false
  }
  const last = laneCount<L>() - 1
  const negateA = wrongParity<L>(load<u8>(bytes), 0)
  const negateB = wrongParity<L>(load<u8>(bytes + last * ENCODED_BYTES), last)
  conditionalNegateCarried<C, L>(Y, Y, spread<L>(negateA, negateB))
  for (let lane: usize = 0; lane < laneCount<L>(); lane++) {
    loadLane<L>(XY, X, lane)
    loadLane<L>(XY + size<Single>(), Y, lane)
    storePoint(r + lane * POINT_BYTES, XY)
  }
  return true
}

/**
 * Decodes and stores the points of `count` ≤ 256 public encodings (SEC 1 §2.3.4, compressed form only). Returns INVALID if
 * one is invalid.
 */
export function decodePoints(r: usize, bytes: usize, count: i32): i32 {
  for (; count > 1; count -= 2) {
    if (!decodeLanesVar<Pair>(r, bytes)) return INVALID
    r += 2 * POINT_BYTES
    bytes += 2 * ENCODED_BYTES
  }
  return count == 0 || decodeLanesVar<Single>(r, bytes) ? OK : INVALID
}
