import { AFFINE_SCRATCH_END, BATCH_STRIDE, loadPoint, storeJacobian } from './affine'
import { Secp256k1 } from '../field/curve'
import { copy, extract, insert, lookup, Pair, set, Single, size, spread } from '../field/lanes'
import { loadScalar } from '../field/scalar'
import { DIGIT_SCRATCH, POINT_BYTES, POINT_SCRATCH, SCALAR_BYTES, SHARING_SCRATCH, TABLE_SCRATCH, WORK } from '../memory'
import { BETA, BETA_PAIR } from './constants.gen'
import { conditionalNegateCarried, multiply, square } from './field'
import { addAffine, addComplete, double, pointSize } from './point'
import { recodeSplit } from './split'

// Constant-time multiplication of arbitrary points. Two lanes work at once: on the halves k1·P and k2·λP of one product,
// or on two products. Scalars are recoded to odd signed digits, so no window is empty.
//
// Why the incomplete addition suffices: a lane of the first kind adds d·P, |d| < 16, to 16m·P with m odd and
// |16m ± d| < 2^133 < n, so never 0, and never the same or the opposite point. A lane of the second kind holds
// x·P + y·λP. A sum meets an exception only if some (x, y) ≠ 0 with x + λy ≡ 0 mod n arises, so that
// x² − xy + y² ≥ n > 2^255.9 (the norm form of the lattice). Before the last window |x|, |y| < 2^124.5, which excludes
// it; the two additions of the last window are complete. So is the one that joins the halves.

const WINDOWS: i32 = 33
const ENTRIES: usize = 8

/** A second table starts here. */
const TABLE_BYTES: usize = 8 * 2 * 80

const P: usize = AFFINE_SCRATCH_END
const XY: usize = P + 2 * 80
const DOUBLED: usize = XY + 2 * 48
const ACCUMULATOR: usize = DOUBLED + 3 * 80
const ENTRY: usize = ACCUMULATOR + 3 * 80
const FACTOR: usize = ENTRY + 3 * 80
const H: usize = FACTOR + 80
const RATIOS: usize = H + 80
const OTHER: usize = RATIOS + 8 * 80
const K: usize = SHARING_SCRATCH

/**
 * The odd multiples P, 3P … 15P of an affine pair, affine on a curve isomorphic to the first, where Z = 1 stands for the
 * Z that {@link FACTOR} gets. One doubling, seven additions, no inversion (Meloni; libsecp256k1's "effective affine").
 */
function oddMultiples(table: usize, p: usize): void {
  const entry: usize = 2 * size<Pair>()
  copy<Pair>(DOUBLED, p)
  copy<Pair>(DOUBLED + size<Pair>(), p + size<Pair>())
  set<Pair>(DOUBLED + 2 * size<Pair>(), 1)
  double<Pair>(DOUBLED)
  // On the curve scaled by the Z of 2P, 2P is affine and P = (x·Z², y·Z³).
  const z = DOUBLED + 2 * size<Pair>()
  square<Pair>(FACTOR, z)
  multiply<Pair>(ACCUMULATOR, p, FACTOR)
  multiply<Pair>(FACTOR, FACTOR, z)
  multiply<Pair>(ACCUMULATOR + size<Pair>(), p + size<Pair>(), FACTOR)
  set<Pair>(ACCUMULATOR + 2 * size<Pair>(), 1)
  copy<Pair>(table, ACCUMULATOR)
  copy<Pair>(table + size<Pair>(), ACCUMULATOR + size<Pair>())
  for (let i: usize = 1; i < ENTRIES; i++) {
    addAffine<Pair>(ACCUMULATOR, DOUBLED, RATIOS + i * size<Pair>())
    copy<Pair>(table + i * entry, ACCUMULATOR)
    copy<Pair>(table + i * entry + size<Pair>(), ACCUMULATOR + size<Pair>())
  }
  // Scale every entry to the Z of the last: H holds the product of the ratios above it.
  copy<Pair>(H, RATIOS + 7 * size<Pair>())
  for (let i: usize = 6; i < 7; i--) {
    const x = table + i * entry
    const y = x + size<Pair>()
    square<Pair>(FACTOR, H)
    multiply<Pair>(x, x, FACTOR)
    multiply<Pair>(FACTOR, FACTOR, H)
    multiply<Pair>(y, y, FACTOR)
    if (i > 0) multiply<Pair>(H, H, RATIOS + i * size<Pair>())
  }
  multiply<Pair>(FACTOR, ACCUMULATOR + 2 * size<Pair>(), z)
}

/** The table of λP: the same y, and β·x. */
function endomorphismTable(r: usize, table: usize): void {
  for (let i: usize = 0; i < TABLE_BYTES; i += 2 * size<Pair>()) {
    multiply<Pair>(r + i, table + i, BETA_PAIR)
    copy<Pair>(r + i + size<Pair>(), table + i + size<Pair>())
  }
}

@inline
function nibble(digits: usize, i: i32): i32 {
  return (<i32>load<u8>(digits + (i >> 1)) >> ((i & 1) << 2)) & 15
}

/** ENTRY = d·P from the table in each lane, for the digits d = 2v − 15 of the nibbles v. */
function lookupDigit(table: usize, v0: i32, v1: i32): void {
  // All ones for a negative digit, v < 8; then |d| = 2(7 − v) + 1, and else 2(v − 8) + 1.
  const negative0 = (v0 >> 3) - 1
  const negative1 = (v1 >> 3) - 1
  lookup<Pair>(ENTRY, table, <i32>ENTRIES, 2, (v0 ^ negative0) & 7, (v1 ^ negative1) & 7)
  const y = ENTRY + size<Pair>()
  conditionalNegateCarried<Pair>(y, y, spread<Pair>(negative0, negative1))
}

/**
 * ACCUMULATOR = the sum over `terms` tables, in each lane. With one term the lanes take the first and the second half of
 * the digits of one scalar; with two, lane A takes both halves of the first scalar and lane B of the second.
 */
function sumWindows(terms: i32): void {
  const laneB = DIGIT_SCRATCH + (terms == 1 ? 48 : 96)
  for (let i = WINDOWS - 1; i >= 0; i--) {
    if (i != WINDOWS - 1) for (let j = 0; j < 4; j++) double<Pair>(ACCUMULATOR)
    for (let term: usize = 0; term < <usize>terms; term++) {
      const v0 = nibble(DIGIT_SCRATCH + 48 * term, i)
      const v1 = nibble(laneB + 48 * term, i)
      lookupDigit(TABLE_SCRATCH + TABLE_BYTES * term, v0, v1)
      set<Pair>(ENTRY + 2 * size<Pair>(), 1)
      if (i == WINDOWS - 1 && term == 0) {
        for (let c: usize = 0; c < pointSize<Pair>(); c += size<Pair>()) copy<Pair>(ACCUMULATOR + c, ENTRY + c)
      } else if (i == 0 && terms == 2) addComplete<Pair>(ACCUMULATOR, ENTRY)
      else addAffine<Pair>(ACCUMULATOR, ENTRY, H)
    }
  }
  const z = ACCUMULATOR + 2 * size<Pair>()
  multiply<Pair>(z, z, FACTOR)
}

/** r = the Jacobian point of a lane of ACCUMULATOR, or the identity where `isIdentity` is all ones. */
function extractPoint(r: usize, lane: usize, isIdentity: i32): void {
  extract(r, ACCUMULATOR, lane)
  extract(r + size<Single>(), ACCUMULATOR + size<Pair>(), lane)
  extract(r + 2 * size<Single>(), ACCUMULATOR + 2 * size<Pair>(), lane)
  for (let i: usize = 0; i < 36; i += 4) {
    const z = r + 2 * size<Single>() + i
    store<i32>(z, load<i32>(z) & ~isIdentity)
  }
}

/** r = k·P (Jacobian) for a stored point and a scalar in bytes. */
function multiplyOne(r: usize, point: usize, scalar: usize): void {
  const isIdentity = loadPoint(XY, point)
  const y = XY + size<Single>()
  insert(P, XY, 0)
  insert(P + size<Pair>(), y, 0)
  insert(P + size<Pair>(), y, 1)
  multiply<Single>(XY, XY, BETA)
  insert(P, XY, 1)
  loadScalar<Secp256k1>(K, scalar)
  recodeSplit(DIGIT_SCRATCH, K)
  oddMultiples(TABLE_SCRATCH, P)
  sumWindows(1)
  extractPoint(r, 0, isIdentity)
  extractPoint(OTHER, 1, isIdentity)
  addComplete<Single>(r, OTHER)
}

/** The Jacobian products of two stored points and scalars, at r and r + BATCH_STRIDE. */
function multiplyTwo(r: usize, points: usize, scalars: usize): void {
  const isIdentityA = loadPoint(XY, points)
  insert(P, XY, 0)
  insert(P + size<Pair>(), XY + size<Single>(), 0)
  const isIdentityB = loadPoint(XY, points + POINT_BYTES)
  insert(P, XY, 1)
  insert(P + size<Pair>(), XY + size<Single>(), 1)
  loadScalar<Secp256k1>(K, scalars)
  recodeSplit(DIGIT_SCRATCH, K)
  loadScalar<Secp256k1>(K, scalars + SCALAR_BYTES)
  recodeSplit(DIGIT_SCRATCH + 96, K)
  oddMultiples(TABLE_SCRATCH, P)
  endomorphismTable(TABLE_SCRATCH + TABLE_BYTES, TABLE_SCRATCH)
  sumWindows(2)
  extractPoint(r, 0, isIdentityA)
  extractPoint(r + BATCH_STRIDE, 1, isIdentityB)
}

/** r_i = k_i·P_i for `count` ≤ 256 stored points and scalars in bytes; r may be the points' own place. */
export function multiplyPoints(r: usize, points: usize, scalars: usize, count: i32): void {
  let i: usize = 0
  for (; i + 1 < <usize>count; i += 2) {
    multiplyTwo(WORK + i * BATCH_STRIDE, points + i * POINT_BYTES, scalars + i * SCALAR_BYTES)
  }
  if (i < <usize>count) multiplyOne(WORK + i * BATCH_STRIDE, points + i * POINT_BYTES, scalars + i * SCALAR_BYTES)
  storeJacobian(r, WORK, count)
  memory.fill(WORK, 0, <usize>count * BATCH_STRIDE)
}
