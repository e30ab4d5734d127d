import { POINT_BYTES, POINT_SCRATCH, SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { Ed25519 } from '../field/curve'
import { copy, Single, size, spread } from '../field/lanes'
import { pack } from '../field/limbs'
import { NAF_BYTES, recodeNafVar } from '../field/naf'
import { loadScalar } from '../field/scalar'
import { BATCH_STRIDE, loadPoint, storeProjective } from './affine'
import { oddMultiples } from './multiply'
import { combineManyVar } from './pippenger'
import { addCached, conditionalNegate, double, doubleProjective, pointSize, setIdentity, toCached } from './point'

type C = Ed25519

// Sums of products of public points and public scalars, in variable time: Straus' method over non-adjacent forms.

const ENTRIES: usize = 8
const ENTRY_BYTES: usize = 4 * 48
const NAF_OFFSET: usize = ENTRIES * ENTRY_BYTES
/** What one point keeps in WORK. */
const STRIDE: usize = NAF_OFFSET + NAF_BYTES

// Above what multiply.ts uses.
const SUM: usize = POINT_SCRATCH + 26 * 80
const ADDEND: usize = SUM + 4 * 48
const CACHED: usize = ADDEND + 4 * 48

const K: usize = SHARING_SCRATCH
const BYTES: usize = SHARING_SCRATCH + 48


@inline
function copyPoint(r: usize, p: usize): void {
  for (let c: usize = 0; c < pointSize<Single>(); c += size<Single>()) copy<Single>(r + c, p + c)
}

/** SUM = SUM + d·P for the odd multiples of P in `table`. */
function addDigitVar(table: usize, digit: i32): void {
  copyPoint(CACHED, table + <usize>((abs<i32>(digit) - 1) >> 1) * ENTRY_BYTES)
  if (digit < 0) conditionalNegate<Single>(CACHED, spread<Single>(-1, -1))
  addCached<Single>(SUM, CACHED)
}

/** SUM = Σ over the `count` tables and digits in WORK, from the digit below `length` on; then clears these. */
function sumDigitsVar(count: i32, length: i32): void {
  setIdentity<Single>(SUM)
  const end = WORK + <usize>count * STRIDE
  for (let bit = length - 1; bit >= 0; bit--) {
    let isAdding = false
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
      if (digit != 0) addDigitVar(term, digit)
    }
  }
  memory.fill(WORK, 0, end - WORK)
}

/** From so many terms on, Pippenger's method takes less time. */
const MANY: i32 = 80

/** r = Σ k_i·P_i for `count` ≤ COMBINATION_TERMS public stored points and public scalars in bytes. */
export function combineVar(r: usize, points: usize, scalars: usize, count: i32): void {
  if (count < MANY) combineFewVar(r, points, scalars, count)
  else combineManyVar(r, points, scalars, count)
}

function combineFewVar(r: usize, points: usize, scalars: usize, count: i32): void {
  let length: i32 = 0
  for (let i: usize = 0; i < <usize>count; i++) {
    const term = WORK + i * STRIDE
    loadPoint(ADDEND, points + i * POINT_BYTES)
    oddMultiples<Single>(term, ADDEND)
    loadScalar<C>(K, scalars + i * SCALAR_BYTES)
    pack(BYTES, K)
    store<u64>(BYTES, 0, 32)
    length = max(length, recodeNafVar(term + NAF_OFFSET, BYTES))
  }
  sumDigitsVar(count, length)
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
