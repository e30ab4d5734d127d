import { AFFINE_SCRATCH_END, BATCH_STRIDE, loadPoint, storeJacobian } from './affine'
import { Secp256k1 } from '../field/curve'
import { DIGIT_BYTES, nibble, signMask, tableIndex } from '../field/digits'
import { copy, extract, insert, isPair, lookup, Pair, set, Single, size, spread } from '../field/lanes'
import { conditionalNegateCarried, multiply, square } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { DIGIT_SCRATCH, POINT_BYTES, SCALAR_BYTES, SHARING_SCRATCH, TABLE_SCRATCH, WORK } from '../memory'
import { BETA, BETA_PAIR } from './constants.gen'
import { addAffine, addComplete, double, pointSize } from './point'
import { CENTRE_33_BY_4, recodeSplit } from './split'

type C = Secp256k1

// Constant-time multiplication of arbitrary points, one (Single) or two at once (Pair). A scalar is split in two halves.
// Each is recoded to odd signed digits, so that every window adds a point. The halves share the doublings.
//
// The incomplete addition is enough. The accumulator is x·P + y·λP. An addition is exceptional (with the identity, an equal
// or an opposite point) only if there is some (x, y) ≠ 0 with x + λy ≡ 0 mod n. Such a pair has x² − xy + y² ≥ n > 2^255.9,
// by the norm form of the lattice. Before the last window |x|, |y| < 2^124.5, which is too small for that, and x is never 0:
// it is odd, or 16 times an odd number. The two additions of the last window are complete, so there the bound is not needed.

/** Index of the highest of 33 windows. */
const LAST: i32 = 32
/** Bytes from the digits of one half to those of the other, and from those of lane A to those of lane B. */
const HALF_DIGITS: usize = DIGIT_BYTES
const LANE_DIGITS: usize = 2 * DIGIT_BYTES
const WIDTH: i32 = 4
const ENTRIES: usize = 8

/** The table of the multiples of λP. */
const SECOND_TABLE: usize = TABLE_SCRATCH + 8 * 2 * 80

const P: usize = AFFINE_SCRATCH_END
const XY: usize = P + 2 * 80
const DOUBLED: usize = XY + 2 * 48
const ACCUMULATOR: usize = DOUBLED + 3 * 80
const ENTRY: usize = ACCUMULATOR + 3 * 80
/** The Z that all entries of {@link oddMultiples} have in common. */
export const FACTOR: usize = ENTRY + 3 * 80
const H: usize = FACTOR + 80
const RATIOS: usize = H + 80
const K: usize = SHARING_SCRATCH

/**
 * The odd multiples P, 3P … 15P of an affine P, in affine coordinates on an isomorphic curve: on secp256k1, their Z is the
 * one in {@link FACTOR}. This takes one doubling, seven additions and no inversion (Meloni; libsecp256k1's "effective
 * affine"). No addition is exceptional, since the order is prime and large. For the identity, stored as (0, 0), that Z is
 * 2y = 0.
 */
export function oddMultiples<L>(table: usize, p: usize): void {
  const entry: usize = 2 * size<L>()
  copy<L>(DOUBLED, p)
  copy<L>(DOUBLED + size<L>(), p + size<L>())
  set<L>(DOUBLED + 2 * size<L>(), 1)
  double<L>(DOUBLED)
  // On the curve scaled by the Z of 2P, 2P is affine and P = (x·Z², y·Z³).
  const z = DOUBLED + 2 * size<L>()
  square<C, L>(FACTOR, z)
  multiply<C, L>(ACCUMULATOR, p, FACTOR)
  multiply<C, L>(FACTOR, FACTOR, z)
  multiply<C, L>(ACCUMULATOR + size<L>(), p + size<L>(), FACTOR)
  set<L>(ACCUMULATOR + 2 * size<L>(), 1)
  copy<L>(table, ACCUMULATOR)
  copy<L>(table + size<L>(), ACCUMULATOR + size<L>())
  for (let i: usize = 1; i < ENTRIES; i++) {
    addAffine<L>(ACCUMULATOR, DOUBLED, RATIOS + i * size<L>())
    copy<L>(table + i * entry, ACCUMULATOR)
    copy<L>(table + i * entry + size<L>(), ACCUMULATOR + size<L>())
  }
  // Scale every entry to the Z of the last one: H is the product of the ratios above the entry.
  copy<L>(H, RATIOS + 7 * size<L>())
  for (let x = table + 6 * entry, ratio = RATIOS + 6 * size<L>(); x >= table; x -= entry, ratio -= size<L>()) {
    const y = x + size<L>()
    square<C, L>(FACTOR, H)
    multiply<C, L>(x, x, FACTOR)
    multiply<C, L>(FACTOR, FACTOR, H)
    multiply<C, L>(y, y, FACTOR)
    if (x > table) multiply<C, L>(H, H, ratio)
  }
  multiply<C, L>(FACTOR, ACCUMULATOR + 2 * size<L>(), z)
}

/** The table of λP, with the same y, and β·x in place of x. */
function endomorphismTable<L>(r: usize, table: usize): void {
  const beta = isPair<L>() ? BETA_PAIR : BETA
  for (let i: usize = 0; i < ENTRIES * 2 * size<L>(); i += 2 * size<L>()) {
    multiply<C, L>(r + i, table + i, beta)
    copy<L>(r + i + size<L>(), table + i + size<L>())
  }
}

/** ENTRY = d·P from the table in each lane, for the digits d of window i. */
function lookupDigit<L>(table: usize, digits: usize, i: i32): void {
  const v0 = nibble(digits, i)
  const v1 = isPair<L>() ? nibble(digits + LANE_DIGITS, i) : v0
  lookup<L>(ENTRY, table, <i32>ENTRIES, 2, tableIndex(v0, WIDTH), tableIndex(v1, WIDTH))
  const y = ENTRY + size<L>()
  conditionalNegateCarried<C, L>(y, y, spread<L>(signMask(v0, WIDTH), signMask(v1, WIDTH)))
}

/** ACCUMULATOR = k·P in each lane, for P in the tables and k in the digits. */
function sumWindows<L>(): void {
  set<L>(ENTRY + 2 * size<L>(), 1)
  lookupDigit<L>(TABLE_SCRATCH, DIGIT_SCRATCH, LAST)
  for (let c: usize = 0; c < pointSize<L>(); c += size<L>()) copy<L>(ACCUMULATOR + c, ENTRY + c)
  lookupDigit<L>(SECOND_TABLE, DIGIT_SCRATCH + HALF_DIGITS, LAST)
  addAffine<L>(ACCUMULATOR, ENTRY, H)
  for (let i = LAST - 1; i > 0; i--) {
    for (let j = 0; j < 4; j++) double<L>(ACCUMULATOR)
    lookupDigit<L>(TABLE_SCRATCH, DIGIT_SCRATCH, i)
    addAffine<L>(ACCUMULATOR, ENTRY, H)
    lookupDigit<L>(SECOND_TABLE, DIGIT_SCRATCH + HALF_DIGITS, i)
    addAffine<L>(ACCUMULATOR, ENTRY, H)
  }
  for (let j = 0; j < 4; j++) double<L>(ACCUMULATOR)
  lookupDigit<L>(TABLE_SCRATCH, DIGIT_SCRATCH, 0)
  addComplete<L>(ACCUMULATOR, ENTRY)
  lookupDigit<L>(SECOND_TABLE, DIGIT_SCRATCH + HALF_DIGITS, 0)
  addComplete<L>(ACCUMULATOR, ENTRY)
  const z = ACCUMULATOR + 2 * size<L>()
  multiply<C, L>(z, z, FACTOR)
}

/** ACCUMULATOR = k·P for the affine P (in each lane) and the digits. */
function multiplyDigits<L>(p: usize): void {
  oddMultiples<L>(TABLE_SCRATCH, p)
  endomorphismTable<L>(SECOND_TABLE, TABLE_SCRATCH)
  sumWindows<L>()
}

/** r = k·P (Jacobian) for a stored point and a scalar in bytes. */
function multiplyOne(r: usize, point: usize, scalar: usize): void {
  loadPoint(P, point)
  loadScalar<C>(K, scalar)
  recodeSplit(DIGIT_SCRATCH, K, CENTRE_33_BY_4)
  multiplyDigits<Single>(P)
  for (let c: usize = 0; c < pointSize<Single>(); c += size<Single>()) copy<Single>(r + c, ACCUMULATOR + c)
}

/** Loads a stored point and a scalar in bytes into a lane of P and of the digits. */
function loadLane(point: usize, scalar: usize, lane: usize): void {
  loadPoint(XY, point)
  insert(P, XY, lane)
  insert(P + size<Pair>(), XY + size<Single>(), lane)
  loadScalar<C>(K, scalar)
  recodeSplit(DIGIT_SCRATCH + LANE_DIGITS * lane, K, CENTRE_33_BY_4)
}

/** The Jacobian products of two stored points and scalars, at r and r + BATCH_STRIDE. */
function multiplyTwo(r: usize, points: usize, scalars: usize): void {
  loadLane(points, scalars, 0)
  loadLane(points + POINT_BYTES, scalars + SCALAR_BYTES, 1)
  multiplyDigits<Pair>(P)
  for (let c: usize = 0; c < 3; c++) {
    extract(r + c * size<Single>(), ACCUMULATOR + c * size<Pair>(), 0)
    extract(r + BATCH_STRIDE + c * size<Single>(), ACCUMULATOR + c * size<Pair>(), 1)
  }
}

/** r_i = k_i·P_i for `count` ≤ 256 stored points and scalars in bytes. r may be `points`. */
export function multiplyPoints(r: usize, points: usize, scalars: usize, count: i32): void {
  let i: usize = 0
  for (; i + 1 < <usize>count; i += 2) {
    multiplyTwo(WORK + i * BATCH_STRIDE, points + i * POINT_BYTES, scalars + i * SCALAR_BYTES)
  }
  if (i < <usize>count) multiplyOne(WORK + i * BATCH_STRIDE, points + i * POINT_BYTES, scalars + i * SCALAR_BYTES)
  storeJacobian(r, WORK, count)
  memory.fill(WORK, 0, <usize>count * BATCH_STRIDE)
}
