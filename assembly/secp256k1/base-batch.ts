import { AFFINE_SCRATCH_END, BATCH_STRIDE, storeJacobian } from './affine'
import { lookupDigits, multiplyBaseEach, prepareTable, ROUNDS } from './base'
import { Secp256k1 } from '../field/curve'
import { DIGIT_BYTES, recode } from '../field/digits'
import { copy, extract, insert, Pair, set, Single, size } from '../field/lanes'
import { invert, multiply, square, subtract } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { POINT_BYTES, SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { COMB_OFFSET } from './constants.gen'
import { subtractOnceTwiceCarried } from './field'
import { addComplete } from './point'
import { subtractPairs } from './quad'

type C = Secp256k1

// The multiplication of base.ts for many scalars side by side: round by round, so that the affine additions of a round
// share an inversion (Montgomery's trick). An addition is then 5M + 1S in place of 8M + 3S, and base.ts says why none of
// them divides by zero.

/** From how many scalars on this is faster: a round's inversion costs as much as twenty additions save. */
const LEAST: i32 = 24
/** Scalars that share their inversions. */
const MOST: i32 = 128

// What a scalar keeps in WORK: the accumulator, the entry to be added, the product of the differences before it, digits.
const ENTRY: usize = 2 * 80
const PREFIX: usize = 4 * 80
const DIGITS: usize = 5 * 80
const STRIDE: usize = DIGITS + DIGIT_BYTES

const PRODUCT: usize = AFFINE_SCRATCH_END
const SLOPE: usize = PRODUCT + 80
const T: usize = SLOPE + 80
/** Two Jacobian points and elements, Single. */
const FIRST: usize = T + 80
const SECOND: usize = FIRST + 3 * 48
const K: usize = SHARING_SCRATCH

/** Inverts both lanes of PRODUCT. */
function invertProduct(): void {
  const a = FIRST
  const b = FIRST + 48
  const ab = FIRST + 96
  extract(a, PRODUCT, 0)
  extract(b, PRODUCT, 1)
  multiply<C, Single>(ab, a, b)
  invert<C>(ab, ab)
  multiply<C, Single>(b, b, ab)
  multiply<C, Single>(a, a, ab)
  insert(PRODUCT, b, 0)
  insert(PRODUCT, a, 1)
}

/** Adds a round's entries to the accumulators of all scalars. */
function addRound(end: usize, round: i32): void {
  set<Pair>(PRODUCT, 1)
  for (let p: usize = WORK; p < end; p += STRIDE) {
    const entry = p + ENTRY
    lookupDigits(entry, p + DIGITS, round)
    // From here on the entry's x is x2 − x1.
    subtractPairs(entry, entry, p)
    copy<Pair>(p + PREFIX, PRODUCT)
    multiply<C, Pair>(PRODUCT, PRODUCT, entry)
  }
  invertProduct()
  for (let p: usize = end - STRIDE; p >= WORK; p -= STRIDE) {
    const y = p + size<Pair>()
    const difference = p + ENTRY
    multiply<C, Pair>(SLOPE, PRODUCT, p + PREFIX)
    multiply<C, Pair>(PRODUCT, PRODUCT, difference)
    subtract<C, Pair>(T, difference + size<Pair>(), y)
    multiply<C, Pair>(SLOPE, SLOPE, T)
    square<C, Pair>(T, SLOPE)
    // x3 = λ² − x1 − x2 and y3 = λ·(x1 − x3) − y1
    subtractOnceTwiceCarried<Pair>(T, T, difference, p)
    subtract<C, Pair>(p, p, T)
    multiply<C, Pair>(SLOPE, SLOPE, p)
    subtractPairs(y, SLOPE, y)
    copy<Pair>(p, T)
  }
}

/** Adds the lanes of accumulator i, and puts the sum where the points lie close together. */
function joinLanes(i: usize): void {
  const p = WORK + i * STRIDE
  for (let c: usize = 0; c < 2; c++) {
    extract(FIRST + c * size<Single>(), p + c * size<Pair>(), 0)
    extract(SECOND + c * size<Single>(), p + c * size<Pair>(), 1)
  }
  set<Single>(FIRST + 2 * size<Single>(), 1)
  set<Single>(SECOND + 2 * size<Single>(), 1)
  addComplete<Single>(FIRST, SECOND)
  // STRIDE exceeds BATCH_STRIDE: this overwrites accumulators that are done.
  memory.copy(WORK + i * BATCH_STRIDE, FIRST, 3 * size<Single>())
}

function multiplyBaseMany(r: usize, scalars: usize, count: i32): void {
  prepareTable()
  const end = WORK + <usize>count * STRIDE
  for (let p: usize = WORK; p < end; p += STRIDE, scalars += SCALAR_BYTES) {
    loadScalar<C>(K, scalars)
    recode<C>(p + DIGITS, K, COMB_OFFSET)
    lookupDigits(p, p + DIGITS, 0)
  }
  for (let round = 1; round < ROUNDS; round++) addRound(end, round)
  for (let i: usize = 0; i < <usize>count; i++) joinLanes(i)
  storeJacobian(r, WORK, count)
  memory.fill(WORK, 0, end - WORK)
}

/** r_i = k_i·G for `count` ≤ 256 scalars in bytes. */
export function multiplyBase(r: usize, scalars: usize, count: i32): void {
  while (count >= LEAST) {
    const some = min(count, MOST)
    multiplyBaseMany(r, scalars, some)
    r += <usize>some * POINT_BYTES
    scalars += <usize>some * SCALAR_BYTES
    count -= some
  }
  if (count > 0) multiplyBaseEach(r, scalars, count)
}
