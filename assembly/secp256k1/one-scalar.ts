import { BATCH_STRIDE, loadPoint, storeJacobian } from './affine'
import { Secp256k1 } from '../field/curve'
import { DIGIT_BYTES, fiveBits, signMask, tableIndex } from '../field/digits'
import { extract, insert, Pair, scan, set, Single, size, spread } from '../field/lanes'
import { conditionalNegateCarried, multiply } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { DIGIT_SCRATCH, POINT_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { BETA_PAIR } from './constants.gen'
import { addAffine, addComplete, double } from './point'
import { subtractPairs } from './quad'
import {
  addOnWayDown,
  doubleOnWayDown,
  include,
  INVERSION_SCRATCH_END,
  invertProduct,
  startProduct,
} from './shared-inversion'
import { CENTRE_26_BY_5, recodeSplit } from './split'

type C = Secp256k1

// One secret scalar times many public points, two at once as in multiply.ts. The tables of 64 points are built together: the
// affine additions for one entry of all tables share an inversion. So a table of 16 entries (digits of 5 bits) takes less
// time than one of 8 entries in multiply.ts, and 26 windows are enough instead of 33.
//
// multiply.ts says why the incomplete addition is enough; here |x|, |y| < 2^123.5 before the last window.

const WINDOWS: i32 = 26
const WIDTH: i32 = 5
const ENTRIES: i32 = 16
/** Maximum number of pairs of points whose tables are built together. */
const PAIRS: usize = 32

/** Bytes of a table entry: x, y and β·x of a multiple. The multiples of λP have the same y. */
const ENTRY_BYTES: usize = 3 * 80
const TABLE_BYTES: usize = <usize>ENTRIES * ENTRY_BYTES
const TABLES: usize = WORK
// For each table while it is built: 2P, x2 − x1, and the product of the previous differences.
const BUILDS: usize = TABLES + PAIRS * TABLE_BYTES
const DIFFERENCE: usize = 2 * 80
const PREFIX: usize = 3 * 80
const BUILD_BYTES: usize = 4 * 80
const RESULTS: usize = BUILDS + PAIRS * BUILD_BYTES
const RESULTS_END: usize = RESULTS + 2 * PAIRS * BATCH_STRIDE

const XY: usize = INVERSION_SCRATCH_END
const ACCUMULATOR: usize = XY + 2 * 48
const ENTRY: usize = ACCUMULATOR + 3 * 80
const H: usize = ENTRY + 3 * 80
const K: usize = SHARING_SCRATCH

function loadLane(table: usize, point: usize, lane: usize): void {
  loadPoint(XY, point)
  insert(table, XY, lane)
  insert(table + size<Pair>(), XY + size<Single>(), lane)
}

/** Computes the odd multiples P, 3P … 31P of the points in the first entries, and β·x of each. */
function makeTables(pairs: usize): void {
  const end = BUILDS + pairs * BUILD_BYTES
  const last = (pairs - 1) * TABLE_BYTES
  startProduct()
  for (let p = BUILDS, e = TABLES; p < end; p += BUILD_BYTES, e += TABLE_BYTES) include(e + size<Pair>(), p + PREFIX)
  invertProduct()
  for (let p = end - BUILD_BYTES, e = TABLES + last; p >= BUILDS; p -= BUILD_BYTES, e -= TABLE_BYTES) {
    doubleOnWayDown(p, e, p + PREFIX)
    multiply<C, Pair>(e + 2 * size<Pair>(), e, BETA_PAIR)
  }
  for (let i = 1; i < ENTRIES; i++) {
    const before = TABLES + <usize>(i - 1) * ENTRY_BYTES
    startProduct()
    for (let p = BUILDS, e = before; p < end; p += BUILD_BYTES, e += TABLE_BYTES) {
      subtractPairs(p + DIFFERENCE, p, e)
      include(p + DIFFERENCE, p + PREFIX)
    }
    invertProduct()
    for (let p = end - BUILD_BYTES, e = before + last; p >= BUILDS; p -= BUILD_BYTES, e -= TABLE_BYTES) {
      const next = e + ENTRY_BYTES
      addOnWayDown(next, e, p + DIFFERENCE, p + size<Pair>(), p + PREFIX)
      multiply<C, Pair>(next + 2 * size<Pair>(), next, BETA_PAIR)
    }
  }
}

/** ENTRY = the multiple for a digit: of P if `half` is 0, of λP if it is 1. Both lanes have the same digit. */
function lookupDigit(table: usize, half: usize, window: i32): void {
  const v = fiveBits(DIGIT_SCRATCH + half * DIGIT_BYTES, window)
  const index = spread<Pair>(tableIndex(v, WIDTH), tableIndex(v, WIDTH))
  const y = ENTRY + size<Pair>()
  scan<Pair>(ENTRY, table + half * 2 * size<Pair>(), ENTRIES, ENTRY_BYTES, index)
  scan<Pair>(y, table + size<Pair>(), ENTRIES, ENTRY_BYTES, index)
  conditionalNegateCarried<C, Pair>(y, y, spread<Pair>(signMask(v, WIDTH), signMask(v, WIDTH)))
}

/** ACCUMULATOR = k·P of both points of a table, for k in the digits. */
function sumWindows(table: usize): void {
  set<Pair>(ENTRY + 2 * size<Pair>(), 1)
  lookupDigit(table, 0, WINDOWS - 1)
  memory.copy(ACCUMULATOR, ENTRY, 3 * size<Pair>())
  lookupDigit(table, 1, WINDOWS - 1)
  addAffine<Pair>(ACCUMULATOR, ENTRY, H)
  for (let i = WINDOWS - 2; i > 0; i--) {
    for (let j = 0; j < WIDTH; j++) double<Pair>(ACCUMULATOR)
    lookupDigit(table, 0, i)
    addAffine<Pair>(ACCUMULATOR, ENTRY, H)
    lookupDigit(table, 1, i)
    addAffine<Pair>(ACCUMULATOR, ENTRY, H)
  }
  for (let j = 0; j < WIDTH; j++) double<Pair>(ACCUMULATOR)
  lookupDigit(table, 0, 0)
  addComplete<Pair>(ACCUMULATOR, ENTRY)
  lookupDigit(table, 1, 0)
  addComplete<Pair>(ACCUMULATOR, ENTRY)
}

/** r_i = k·P_i of up to 64 points. */
function multiplySome(r: usize, points: usize, pairs: usize): void {
  for (let i: usize = 0; i < pairs; i++) {
    loadLane(TABLES + i * TABLE_BYTES, points + 2 * i * POINT_BYTES, 0)
    loadLane(TABLES + i * TABLE_BYTES, points + (2 * i + 1) * POINT_BYTES, 1)
  }
  makeTables(pairs)
  for (let i: usize = 0; i < pairs; i++) {
    sumWindows(TABLES + i * TABLE_BYTES)
    for (let c: usize = 0; c < 3; c++) {
      const coordinate = RESULTS + 2 * i * BATCH_STRIDE + c * size<Single>()
      extract(coordinate, ACCUMULATOR + c * size<Pair>(), 0)
      extract(coordinate + BATCH_STRIDE, ACCUMULATOR + c * size<Pair>(), 1)
    }
  }
  storeJacobian(r, RESULTS, <i32>(2 * pairs))
}

/**
 * r_i = k·P_i for an even number of stored public points other than the identity. r may be `points`.
 *
 * @param scalar in bytes; secret
 */
export function multiplyByOneScalar(r: usize, points: usize, scalar: usize, count: i32): void {
  loadScalar<C>(K, scalar)
  recodeSplit(DIGIT_SCRATCH, K, CENTRE_26_BY_5)
  let left = (<usize>count) >> 1
  while (left > 0) {
    const pairs = min<usize>(left, PAIRS)
    multiplySome(r, points, pairs)
    r += 2 * pairs * POINT_BYTES
    points += 2 * pairs * POINT_BYTES
    left -= pairs
  }
  memory.fill(WORK, 0, RESULTS_END - WORK)
}
