import { BATCH_STRIDE, loadPoint, storeJacobian, toAffine } from './affine'
import { Secp256k1 } from '../field/curve'
import { DIGIT_BYTES, fiveBits, signMask, tableIndex } from '../field/digits'
import { copy, extract, insert, lookup, Pair, set, Single, size, spread } from '../field/lanes'
import { conditionalNegateCarried, multiply } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { BETA } from './constants.gen'
import { double } from './point'
import { subtractPairs } from './quad'
import {
  addOnWayDown,
  include,
  INVERSION_SCRATCH_END,
  invertProduct,
  joinLanes,
  startProduct,
} from './shared-inversion'
import { CENTRE_26_BY_5, recodeSplit } from './split'

type C = Secp256k1

// Many secret scalars times one public point that is not the generator. First a table for the point is built, in variable
// time. Then all scalars are multiplied at once, as in base-batch.ts.
//
// A scalar is split to k1 + λ·k2, and each half is recoded to 26 odd digits of 5 bits. Lane A adds multiples of P for k1, and
// lane B multiples of λP for k2. The latter have the same y, and β·x in place of x, so one table of 26 × 16 points is enough.
// base.ts says why no addition is exceptional; here the bound is 2^130 < n.

const WINDOWS: i32 = 26
const WIDTH: i32 = 5
const ENTRIES: usize = 16
/** Bytes of a table entry: x in lane A and β·x in lane B, and y in both. */
const ENTRY_BYTES: usize = 2 * 80
const WINDOW_BYTES: usize = ENTRIES * ENTRY_BYTES

/** Maximum number of scalars in one call. */
const MOST: usize = 128

// What a scalar uses in WORK: the accumulator, the entry to add, the product of the previous differences, and the digits of
// both halves. The table is above all scalars.
const ENTRY: usize = 2 * 80
const PREFIX: usize = 4 * 80
const DIGITS: usize = 5 * 80
const STRIDE: usize = DIGITS + 2 * DIGIT_BYTES
const TABLE: usize = WORK + MOST * STRIDE
const TABLE_END: usize = TABLE + <usize>WINDOWS * WINDOW_BYTES

// While the table is built, this space has the last multiple and twice the base of windows, two windows at a time.
const TWICE: usize = 2 * 80
const DIFFERENCE: usize = 4 * 80
const BUILD_PREFIX: usize = 5 * 80
const BUILD_STRIDE: usize = 6 * 80
const BUILD_END: usize = WORK + (<usize>WINDOWS / 2) * BUILD_STRIDE
/** 32^w·P and 2·32^w·P of each window, Jacobian. */
const BASES: usize = TABLE

const POINT: usize = INVERSION_SCRATCH_END
const X: usize = POINT + 3 * 48
const K: usize = SHARING_SCRATCH

/** Writes the last multiples of two windows to entry e of the table. */
function putEntries(windows: usize, e: usize): void {
  const p = WORK + windows * BUILD_STRIDE
  for (let lane: usize = 0; lane < 2; lane++) {
    const entry = TABLE + (2 * windows + lane) * WINDOW_BYTES + e * ENTRY_BYTES
    const y = entry + size<Pair>()
    extract(X, p, lane)
    insert(entry, X, 0)
    multiply<C, Single>(X, X, BETA)
    insert(entry, X, 1)
    extract(X, p + size<Pair>(), lane)
    insert(y, X, 0)
    insert(y, X, 1)
  }
}

/** Computes 32^w·P and 2·32^w·P of all windows, affine, in the windows' lanes. */
function startWindows(point: usize): void {
  loadPoint(POINT, point)
  set<Single>(POINT + 2 * size<Single>(), 1)
  for (let w: usize = 0; w < <usize>WINDOWS; w++) {
    const base = BASES + 2 * w * BATCH_STRIDE
    memory.copy(base, POINT, 3 * size<Single>())
    double<Single>(POINT)
    memory.copy(base + BATCH_STRIDE, POINT, 3 * size<Single>())
    for (let i = 1; i < WIDTH; i++) double<Single>(POINT)
  }
  toAffine(BASES, 2 * WINDOWS)
  for (let w: usize = 0; w < <usize>WINDOWS; w++) {
    const p = WORK + (w >> 1) * BUILD_STRIDE
    const base = BASES + 2 * w * BATCH_STRIDE
    for (let c: usize = 0; c < 2; c++) {
      insert(p + c * size<Pair>(), base + c * size<Single>(), w & 1)
      insert(p + TWICE + c * size<Pair>(), base + BATCH_STRIDE + c * size<Single>(), w & 1)
    }
  }
}

/** Builds the table: the odd multiples 1, 3 … 31 of each 32^w·P, for all windows at once. */
function makeTable(point: usize): void {
  startWindows(point)
  for (let w: usize = 0; w < <usize>WINDOWS / 2; w++) putEntries(w, 0)
  for (let e: usize = 1; e < ENTRIES; e++) {
    startProduct()
    for (let p: usize = WORK; p < BUILD_END; p += BUILD_STRIDE) {
      subtractPairs(p + DIFFERENCE, p + TWICE, p)
      include(p + DIFFERENCE, p + BUILD_PREFIX)
    }
    invertProduct()
    for (let p: usize = BUILD_END - BUILD_STRIDE; p >= WORK; p -= BUILD_STRIDE) {
      addOnWayDown(p, p, p + DIFFERENCE, p + TWICE + size<Pair>(), p + BUILD_PREFIX)
    }
    for (let w: usize = 0; w < <usize>WINDOWS / 2; w++) putEntries(w, e)
  }
}

/** entry = the table's points for the digits of both halves in a window. */
function lookupDigits(entry: usize, digits: usize, window: i32): void {
  const v0 = fiveBits(digits, window)
  const v1 = fiveBits(digits + DIGIT_BYTES, window)
  const table = TABLE + <usize>window * WINDOW_BYTES
  lookup<Pair>(entry, table, <i32>ENTRIES, 2, tableIndex(v0, WIDTH), tableIndex(v1, WIDTH))
  const y = entry + size<Pair>()
  conditionalNegateCarried<C, Pair>(y, y, spread<Pair>(signMask(v0, WIDTH), signMask(v1, WIDTH)))
}

/** Adds a window's entries to the accumulators of all scalars. */
function addWindow(end: usize, window: i32): void {
  startProduct()
  for (let p: usize = WORK; p < end; p += STRIDE) {
    const entry = p + ENTRY
    lookupDigits(entry, p + DIGITS, window)
    // The entry's x is x2 − x1 from now on.
    subtractPairs(entry, entry, p)
    include(entry, p + PREFIX)
  }
  invertProduct()
  for (let p: usize = end - STRIDE; p >= WORK; p -= STRIDE) {
    addOnWayDown(p, p, p + ENTRY, p + ENTRY + size<Pair>(), p + PREFIX)
  }
}

/**
 * r_i = k_i·P for a stored public point other than the identity.
 *
 * @param scalars in bytes, at most 128; secret
 */
export function multiplyOnePoint(r: usize, point: usize, scalars: usize, count: i32): void {
  makeTable(point)
  const end = WORK + <usize>count * STRIDE
  for (let p: usize = WORK; p < end; p += STRIDE, scalars += SCALAR_BYTES) {
    loadScalar<C>(K, scalars)
    recodeSplit(p + DIGITS, K, CENTRE_26_BY_5)
    lookupDigits(p, p + DIGITS, 0)
  }
  for (let window = 1; window < WINDOWS; window++) addWindow(end, window)
  // STRIDE exceeds BATCH_STRIDE, so the sums only overwrite accumulators that are no longer needed.
  for (let i: usize = 0; i < <usize>count; i++) joinLanes(WORK + i * BATCH_STRIDE, WORK + i * STRIDE)
  storeJacobian(r, WORK, count)
  memory.fill(WORK, 0, TABLE_END - WORK)
}
