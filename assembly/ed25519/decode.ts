import { INVALID, OK, POINT_BYTES, POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { broadcast, laneCount, loadLane, Pair, set, Single, size, spread, storeLane } from '../field/lanes'
import { isEqual, isZero, unpack } from '../field/limbs'
import { addCarried, conditionalNegateCarried, multiply, normalize, square, subtractCarried } from '../field/prime'
import { storePoint } from './affine'
import { D } from './constants.gen'
import { squareRootOfRatioVar } from './field'
import { isTorsionFreeVar } from './subgroup'

type C = Ed25519

const ENCODED_BYTES: usize = 32

// Above what subgroup.ts uses.
const X: usize = POINT_SCRATCH + 5 * 80
const Y: usize = X + 80
const U: usize = Y + 80
const V: usize = U + 80
const ONE: usize = V + 80
const XY: usize = ONE + 80
const CANONICAL: usize = XY + 2 * 48
const BYTES: usize = CANONICAL + 48

/** Loads the y of each encoding into its lane. False if one is not canonical. */
function loadCoordinatesVar<L>(bytes: usize): bool {
  for (let lane: usize = 0; lane < laneCount<L>(); lane++, bytes += ENCODED_BYTES) {
    memory.copy(BYTES, bytes, ENCODED_BYTES)
    store<u8>(BYTES, load<u8>(BYTES, 31) & 0x7f, 31)
    unpack(XY, BYTES)
    // Of the 19 values with two encodings, none is in the subgroup. So this rejects no more than RFC 8032 does.
    normalize<C>(CANONICAL, XY)
    if (!isEqual(CANONICAL, XY)) return false
    storeLane<L>(Y, XY, lane)
  }
  return true
}

/** All ones if the root in a lane does not have the sign of its encoding. */
function wrongSign<L>(bytes: usize, lane: usize): i32 {
  loadLane<L>(XY, X, lane)
  normalize<C>(CANONICAL, XY)
  return -(<i32>((load<u32>(CANONICAL) ^ (load<u8>(bytes + lane * ENCODED_BYTES, 31) >> 7)) & 1))
}

/** Decodes and stores one public encoding for each lane. False if one is invalid. */
function decodeLanesVar<L>(r: usize, bytes: usize): bool {
  if (!loadCoordinatesVar<L>(bytes)) return false
  set<L>(ONE, 1)
  square<C, L>(U, Y)
  broadcast<L>(V, D)
  multiply<C, L>(V, U, V)
  subtractCarried<C, L>(U, U, ONE)
  addCarried<C, L>(V, V, ONE)
  if (!squareRootOfRatioVar<L>(X, U, V)) return false
  const last = laneCount<L>() - 1
  conditionalNegateCarried<C, L>(X, X, spread<L>(wrongSign<L>(bytes, 0), wrongSign<L>(bytes, last)))
  for (let lane: usize = 0; lane < laneCount<L>(); lane++) {
    // x is zero only for the identity and for the point of order two.
    loadLane<L>(XY, X, lane)
    normalize<C>(CANONICAL, XY)
    if (isZero(CANONICAL)) return false
  }
  if (!isTorsionFreeVar<L>(X, Y)) return false
  for (let lane: usize = 0; lane < laneCount<L>(); lane++) {
    loadLane<L>(XY, X, lane)
    loadLane<L>(XY + size<Single>(), Y, lane)
    storePoint(r + lane * POINT_BYTES, XY)
  }
  return true
}

/**
 * Decodes and stores the points of `count` ≤ 256 public encodings (RFC 8032 §5.1.3). Returns INVALID if one is invalid: also
 * for the identity, a point outside the prime-order subgroup, or a non-canonical y.
 */
export function decodePoints(r: usize, bytes: usize, count: i32): i32 {
  for (; count > 1; count -= 2) {
    if (!decodeLanesVar<Pair>(r, bytes)) return INVALID
    r += 2 * POINT_BYTES
    bytes += 2 * ENCODED_BYTES
  }
  return count == 0 || decodeLanesVar<Single>(r, bytes) ? OK : INVALID
}
