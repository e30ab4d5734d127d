import { POINT_BYTES, POINT_SCRATCH, SCALAR_BYTES, SHARING_SCRATCH, TABLE_SCRATCH, WORK } from '../memory'
import { Secp256k1 } from '../field/curve'
import { copy, set, Single, size } from '../field/lanes'
import { GENERATOR_NAF_WIDTH, NAF_BYTES, NAF_WIDTH, recodeNafVar } from '../field/naf'
import { invertAll, multiply, square, subtract } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { BATCH_STRIDE, loadJacobian, loadPoint, storeJacobian } from './affine'
import { BETA } from './constants.gen'
import { generatorMultiples } from './generator-multiples'
import { FACTOR, oddMultiples } from './multiply'
import { combineManyVar } from './pippenger'
import { addAffineVar, addVar, double, pointSize } from './point'
import { packHalfVar, splitScalar } from './split'

type C = Secp256k1

// Sums of products of public points and public scalars, in variable time: Straus's method on the two halves of each scalar
// in non-adjacent form. The odd multiples of all points are made affine with one inversion.

const ENTRIES: usize = 8
/** Bytes of a table entry: x, y and β·x. */
const ENTRY_BYTES: usize = 3 * 48
const FACTOR_OFFSET: usize = ENTRIES * ENTRY_BYTES
const PRODUCT_OFFSET: usize = FACTOR_OFFSET + 48
const NAF_OFFSET: usize = PRODUCT_OFFSET + 48
/** Bytes that one point uses in WORK. */
const STRIDE: usize = NAF_OFFSET + 2 * NAF_BYTES

// Above what multiply.ts uses.
const SUM: usize = POINT_SCRATCH + 30 * 80
const ADDEND: usize = SUM + 4 * 48
const BACKUP: usize = ADDEND + 3 * 48

const K: usize = SHARING_SCRATCH
const K1: usize = SHARING_SCRATCH + 48
const K2: usize = SHARING_SCRATCH + 96
const BYTES: usize = SHARING_SCRATCH + 144


@inline
function copyPoint(r: usize, p: usize): void {
  for (let c: usize = 0; c < pointSize<Single>(); c += size<Single>()) copy<Single>(r + c, p + c)
}

/** Recodes a half of a split scalar to signed digits. The half is small, or the negative of a small scalar. */
function recodeHalfVar(digits: usize, half: usize, width: i32): i32 {
  const isNegative = packHalfVar(BYTES, half)
  const length = recodeNafVar(digits, BYTES, width)
  if (isNegative) for (let i = 0; i < length; i++) store<i8>(digits + i, -load<i8>(digits + i))
  return length
}

/** Recodes both halves of a scalar in bytes to digits. Returns how many digits are in use. */
function recodeScalarVar(digits: usize, scalar: usize, width: i32): i32 {
  loadScalar<C>(K, scalar)
  splitScalar(K1, K2, K)
  const length = recodeHalfVar(digits, K1, width)
  return max(length, recodeHalfVar(digits + NAF_BYTES, K2, width))
}

/** Writes the digits of a term, and its odd multiples before their division by {@link FACTOR}. Returns the digits in use. */
function prepareTermVar(term: usize, point: usize, scalar: usize): i32 {
  const isIdentity = loadPoint(ADDEND, point) != 0
  oddMultiples<Single>(TABLE_SCRATCH, ADDEND)
  for (let i: usize = 0; i < ENTRIES; i++) {
    copy<Single>(term + i * ENTRY_BYTES, TABLE_SCRATCH + i * 2 * size<Single>())
    copy<Single>(term + i * ENTRY_BYTES + size<Single>(), TABLE_SCRATCH + i * 2 * size<Single>() + size<Single>())
  }
  copy<Single>(term + FACTOR_OFFSET, FACTOR)
  if (!isIdentity) return recodeScalarVar(term + NAF_OFFSET, scalar, NAF_WIDTH)
  memory.fill(term + NAF_OFFSET, 0, 2 * NAF_BYTES)
  return 0
}

/** Scales the odd multiples of a term to the curve with the inverse of their factor, and writes β·x of each. */
function finishTermVar(term: usize): void {
  const inverse = term + FACTOR_OFFSET
  const power = term + PRODUCT_OFFSET
  square<C, Single>(power, inverse)
  multiply<C, Single>(inverse, inverse, power)
  for (let entry = term; entry < term + FACTOR_OFFSET; entry += ENTRY_BYTES) {
    multiply<C, Single>(entry, entry, power)
    multiply<C, Single>(entry + size<Single>(), entry + size<Single>(), inverse)
    multiply<C, Single>(entry + 2 * size<Single>(), entry, BETA)
  }
}

/** SUM = SUM + d·P, or d·λP, for the odd multiples of P in `table`. */
function addDigitVar(table: usize, digit: i32, isSecondHalf: bool): void {
  const entry = table + <usize>((abs<i32>(digit) - 1) >> 1) * ENTRY_BYTES
  copy<Single>(ADDEND, isSecondHalf ? entry + 2 * size<Single>() : entry)
  const y = entry + size<Single>()
  if (digit < 0) {
    set<Single>(ADDEND + size<Single>(), 0)
    subtract<C, Single>(ADDEND + size<Single>(), ADDEND + size<Single>(), y)
  } else copy<Single>(ADDEND + size<Single>(), y)
  addAffineVar<Single>(SUM, ADDEND)
}

/** From this number of terms on, Pippenger's method takes less time. */
const MANY: i32 = 64

/**
 * r = Σ k_i·P_i for `count` ≤ COMBINATION_TERMS public stored points and public scalars in bytes. If `base` is not 0, k·G is
 * added for the scalar k at `base`; from MANY terms on, `base` is ignored.
 */
export function combineVar(r: usize, points: usize, scalars: usize, count: i32, base: usize): void {
  if (count < MANY) combineFewVar(r, points, scalars, count, base)
  else combineManyVar(r, points, scalars, count)
}

/** SUM = SUM + d·P for the digits of both halves of a scalar at a bit, with the odd multiples in `table`. */
@inline
function addDigitsVar(table: usize, digits: usize, bit: i32): void {
  const digit1 = <i32>load<i8>(digits + bit)
  const digit2 = <i32>load<i8>(digits + NAF_BYTES + bit)
  if (digit1 != 0) addDigitVar(table, digit1, false)
  if (digit2 != 0) addDigitVar(table, digit2, true)
}

function combineFewVar(r: usize, points: usize, scalars: usize, count: i32, base: usize): void {
  const end = WORK + <usize>count * STRIDE
  const multiples = generatorMultiples()
  let length = base == 0 ? 0 : recodeScalarVar(end, base, GENERATOR_NAF_WIDTH)
  for (let i: usize = 0; i < <usize>count; i++) {
    length = max(length, prepareTermVar(WORK + i * STRIDE, points + i * POINT_BYTES, scalars + i * SCALAR_BYTES))
  }
  invertAll<C>(WORK + FACTOR_OFFSET, WORK + PRODUCT_OFFSET, STRIDE, count)
  for (let term: usize = WORK; term < end; term += STRIDE) finishTermVar(term)

  for (let c: usize = 0; c < pointSize<Single>(); c += size<Single>()) set<Single>(SUM + c, 0)
  set<Single>(ADDEND + 2 * size<Single>(), 1)
  for (let bit = length - 1; bit >= 0; bit--) {
    double<Single>(SUM)
    for (let term: usize = WORK; term < end; term += STRIDE) addDigitsVar(term, term + NAF_OFFSET, bit)
    addDigitsVar(multiples, end, bit)
  }
  memory.fill(WORK, 0, end + 2 * NAF_BYTES - WORK)
  storeJacobian(r, SUM, 1)
}

/** p = x·p for a small public x > 0. */
function multiplySmallVar(p: usize, x: u32): void {
  copyPoint(BACKUP, p)
  for (let bit = 30 - clz<u32>(x); <i32>bit >= 0; bit--) {
    double<Single>(p)
    if ((x >> bit) & 1) addVar<Single>(p, BACKUP)
  }
}

/** r_j = Σ x_j^i·C_i for `count` ≥ 1 public stored points and `xCount` ≤ 256 public x_j > 0 (u32 each), by Horner's rule. */
export function evaluateCommitmentVar(r: usize, commitment: usize, xs: usize, count: i32, xCount: i32): void {
  for (let j: usize = 0; j < <usize>xCount; j++) {
    const sum = WORK + j * BATCH_STRIDE
    loadJacobian(sum, commitment + <usize>(count - 1) * POINT_BYTES)
    for (let i = count - 2; i >= 0; i--) {
      multiplySmallVar(sum, load<u32>(xs + 4 * j))
      loadJacobian(ADDEND, commitment + <usize>i * POINT_BYTES)
      addVar<Single>(sum, ADDEND)
    }
  }
  storeJacobian(r, WORK, xCount)
  memory.fill(WORK, 0, <usize>xCount * BATCH_STRIDE)
}
