import { DIGIT_SCRATCH, POINT_BYTES, SCALAR_BYTES, SHARING_SCRATCH, TABLE_SCRATCH, WORK } from '../memory'
import { Ed25519 } from '../field/curve'
import { DIGIT_BYTES, nibble, recode, signMask, tableIndex } from '../field/digits'
import { copy, extract, insert, isPair, lookup, Pair, Single, size, spread } from '../field/lanes'
import { loadScalar } from '../field/scalar'
import { AFFINE_SCRATCH_END, BATCH_STRIDE, loadPoint, storeProjective } from './affine'
import { WINDOW_OFFSET } from './constants.gen'
import {
  addCached,
  addCachedProjective,
  conditionalNegate,
  double,
  doubleProjective,
  pointSize,
  setIdentity,
  toCached,
} from './point'

type C = Ed25519

// Constant-time multiplication of arbitrary points, one (Single) or two at once (Pair), with 64 odd signed digits of 4
// bits. The formulas are complete: they have no exceptional cases.

const WINDOWS: i32 = 64
const WIDTH: i32 = 4
const ENTRIES: usize = 8

const P: usize = AFFINE_SCRATCH_END
const LOADED: usize = P + 4 * 80
const ACCUMULATOR: usize = LOADED + 4 * 48
const ENTRY: usize = ACCUMULATOR + 4 * 80
const TWICE: usize = ENTRY + 4 * 80
const K: usize = SHARING_SCRATCH


@inline
function copyPoint<L>(r: usize, p: usize): void {
  for (let c: usize = 0; c < pointSize<L>(); c += size<L>()) copy<L>(r + c, p + c)
}

/** The cached odd multiples P, 3P … 15P. */
export function oddMultiples<L>(table: usize, p: usize): void {
  copyPoint<L>(ACCUMULATOR, p)
  double<L>(ACCUMULATOR)
  toCached<L>(TWICE, ACCUMULATOR)
  copyPoint<L>(ACCUMULATOR, p)
  toCached<L>(table, p)
  for (let i: usize = 1; i < ENTRIES; i++) {
    addCached<L>(ACCUMULATOR, TWICE)
    toCached<L>(table + i * pointSize<L>(), ACCUMULATOR)
  }
}

/** ENTRY = d·P from the table in each lane, for the digits d of window i. */
function lookupDigit<L>(i: i32): void {
  const v0 = nibble(DIGIT_SCRATCH, i)
  const v1 = isPair<L>() ? nibble(DIGIT_SCRATCH + DIGIT_BYTES, i) : v0
  lookup<L>(ENTRY, TABLE_SCRATCH, <i32>ENTRIES, 4, tableIndex(v0, WIDTH), tableIndex(v1, WIDTH))
  conditionalNegate<L>(ENTRY, spread<L>(signMask(v0, WIDTH), signMask(v1, WIDTH)))
}

/** ACCUMULATOR = k·P (without T) for the point at p and the digits, in each lane. */
function multiplyDigits<L>(p: usize): void {
  oddMultiples<L>(TABLE_SCRATCH, p)
  setIdentity<L>(ACCUMULATOR)
  for (let i = WINDOWS - 1; i >= 0; i--) {
    if (i < WINDOWS - 1) {
      for (let j = 0; j < 3; j++) doubleProjective<L>(ACCUMULATOR)
      double<L>(ACCUMULATOR)
    }
    lookupDigit<L>(i)
    addCachedProjective<L>(ACCUMULATOR, ENTRY)
  }
}

function multiplyOne(r: usize, point: usize, scalar: usize): void {
  loadPoint(P, point)
  loadScalar<C>(K, scalar)
  recode<C>(DIGIT_SCRATCH, K, WINDOW_OFFSET)
  multiplyDigits<Single>(P)
  for (let c: usize = 0; c < 3 * size<Single>(); c += size<Single>()) copy<Single>(r + c, ACCUMULATOR + c)
}

function loadLane(point: usize, scalar: usize, lane: usize): void {
  loadPoint(LOADED, point)
  for (let c: usize = 0; c < 4; c++) insert(P + c * size<Pair>(), LOADED + c * size<Single>(), lane)
  loadScalar<C>(K, scalar)
  recode<C>(DIGIT_SCRATCH + DIGIT_BYTES * lane, K, WINDOW_OFFSET)
}

/** The products of two stored points and scalars, at r and r + BATCH_STRIDE. */
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
  storeProjective(r, WORK, count)
  memory.fill(WORK, 0, <usize>count * BATCH_STRIDE)
}
