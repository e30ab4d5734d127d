import { POINT_BYTES, POINT_SCRATCH, SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { Ed25519 } from '../field/curve'
import { copy, Single, size, spread } from '../field/lanes'
import { GENERATOR_NAF_WIDTH, NAF_BYTES, NAF_WIDTH, recodeNafVar } from '../field/naf'
import { BATCH_STRIDE, loadPoint, storeProjective } from './affine'
import { generatorMultiples } from './generator-multiples'
import { oddMultiples } from './multiply'
import { combineManyVar } from './pippenger'
import {
  addAffine,
  addCached,
  conditionalNegate,
  double,
  doubleProjective,
  pointSize,
  setIdentity,
  toCached,
} from './point'

type C = Ed25519

// Sums of products of public points and public scalars, in variable time: Straus's method with non-adjacent forms.

const ENTRIES: usize = 8
const ENTRY_BYTES: usize = 4 * 48
/** Bytes of an entry of the generator's table, which is affine. */
const AFFINE_ENTRY_BYTES: usize = 3 * 48
const NAF_OFFSET: usize = ENTRIES * ENTRY_BYTES
/** Bytes that one point uses in WORK. */
const STRIDE: usize = NAF_OFFSET + NAF_BYTES

// Above what multiply.ts uses.
const SUM: usize = POINT_SCRATCH + 26 * 80
const ADDEND: usize = SUM + 4 * 48
const CACHED: usize = ADDEND + 4 * 48

const BYTES: usize = SHARING_SCRATCH


@inline
function copyPoint(r: usize, p: usize): void {
  for (let c: usize = 0; c < pointSize<Single>(); c += size<Single>()) copy<Single>(r + c, p + c)
}

/** CACHED = d·P from the table of odd multiples of P, which may be cached or affine cached points. */
@inline
function loadDigitVar(table: usize, digit: i32, entryBytes: usize): void {
  memory.copy(CACHED, table + <usize>((abs<i32>(digit) - 1) >> 1) * entryBytes, entryBytes)
  if (digit < 0) conditionalNegate<Single>(CACHED, spread<Single>(-1, -1))
}

/** SUM = Σ d·P for the tables and digits in WORK up to `end`, and for the generator's digits there. `length`: digits in use. */
function sumDigitsVar(end: usize, multiples: usize, length: i32): void {
  setIdentity<Single>(SUM)
  for (let bit = length - 1; bit >= 0; bit--) {
    const baseDigit = <i32>load<i8>(end + bit)
    let isAdding = baseDigit != 0
    for (let term: usize = WORK; term < end; term += STRIDE) {
      isAdding = isAdding || load<i8>(term + NAF_OFFSET + bit) != 0
    }
    if (!isAdding) {
      doubleProjective<Single>(SUM)
      continue
    }
    double<Single>(SUM)
    for (let term: usize = WORK; term < end; term += STRIDE) {
      const digit = <i32>load<i8>(term + NAF_OFFSET + bit)
      if (digit == 0) continue
      loadDigitVar(term, digit, ENTRY_BYTES)
      addCached<Single>(SUM, CACHED)
    }
    if (baseDigit == 0) continue
    loadDigitVar(multiples, baseDigit, AFFINE_ENTRY_BYTES)
    addAffine<Single>(SUM, CACHED)
  }
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

/** Recodes a scalar in bytes to digits. Returns how many digits are in use. */
function recodeScalarVar(digits: usize, scalar: usize, width: i32): i32 {
  memory.copy(BYTES, scalar, SCALAR_BYTES)
  store<u64>(BYTES, 0, 32)
  return recodeNafVar(digits, BYTES, width)
}

function combineFewVar(r: usize, points: usize, scalars: usize, count: i32, base: usize): void {
  const end = WORK + <usize>count * STRIDE
  const multiples = generatorMultiples()
  let length = base == 0 ? 0 : recodeScalarVar(end, base, GENERATOR_NAF_WIDTH)
  for (let i: usize = 0; i < <usize>count; i++) {
    const term = WORK + i * STRIDE
    loadPoint(ADDEND, points + i * POINT_BYTES)
    oddMultiples<Single>(term, ADDEND)
    length = max(length, recodeScalarVar(term + NAF_OFFSET, scalars + i * SCALAR_BYTES, NAF_WIDTH))
  }
  sumDigitsVar(end, multiples, length)
  memory.fill(WORK, 0, end + NAF_BYTES - WORK)
  storeProjective(r, SUM, 1)
}

/** p = x·p for a small public x > 0. */
function multiplySmallVar(p: usize, x: u32): void {
  toCached<Single>(CACHED, p)
  for (let bit = 30 - clz<u32>(x); <i32>bit >= 0; bit--) {
    double<Single>(p)
    if ((x >> bit) & 1) addCached<Single>(p, CACHED)
  }
}

/** r_j = Σ x_j^i·C_i for `count` ≥ 1 public stored points and `xCount` ≤ 256 public x_j > 0 (u32 each), by Horner's rule. */
export function evaluateCommitmentVar(r: usize, commitment: usize, xs: usize, count: i32, xCount: i32): void {
  for (let j: usize = 0; j < <usize>xCount; j++) {
    loadPoint(SUM, commitment + <usize>(count - 1) * POINT_BYTES)
    for (let i = count - 2; i >= 0; i--) {
      multiplySmallVar(SUM, load<u32>(xs + 4 * j))
      loadPoint(ADDEND, commitment + <usize>i * POINT_BYTES)
      toCached<Single>(CACHED, ADDEND)
      addCached<Single>(SUM, CACHED)
    }
    copyPoint(WORK + j * BATCH_STRIDE, SUM)
  }
  storeProjective(r, WORK, xCount)
  memory.fill(WORK, 0, <usize>xCount * BATCH_STRIDE)
}
