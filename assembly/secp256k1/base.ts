import { AFFINE_SCRATCH_END, BATCH_STRIDE, storeJacobian, toAffine } from './affine'
import { Secp256k1 } from '../field/curve'
import { recode, signMask, tableIndex } from '../field/digits'
import { copy, extract, insert, lookup, Pair, set, Single, size, spread } from '../field/lanes'
import { conditionalNegateCarried } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { DIGIT_SCRATCH, SCALAR_BYTES, SECP256K1_COMB, SHARING_SCRATCH, WORK } from '../memory'
import { COMB_OFFSET, GENERATOR_X, GENERATOR_Y } from './constants.gen'
import { addAffine, addComplete, double } from './point'

type C = Secp256k1

// Constant-time multiplication of the generator. The scalar is recoded to 52 odd signed digits of 5 bits, |d| < 32. Lane A
// adds the even windows and lane B the odd ones. Each table entry is selected by reading all 16.
//
// The incomplete addition is enough. A lane adds d·32^j·G to m·32^(j0)·G. Here m is odd, and as a sum over lower windows of
// the lane it satisfies |m| < 32^(j−j0)/33. So m ≠ 0 and m ≠ ±d·32^(j−j0), and both multiples are below 2^255 < n. The
// addition that joins the lanes is complete.

export const ROUNDS: i32 = 26
const WIDTH: i32 = 5
const ENTRIES: usize = 16
const ENTRY_BYTES: usize = 2 * 80
const ROUND_BYTES: usize = ENTRIES * ENTRY_BYTES

const ACCUMULATOR: usize = AFFINE_SCRATCH_END
const ENTRY: usize = ACCUMULATOR + 3 * 80
const H: usize = ENTRY + 2 * 80
const OTHER: usize = H + 80
const BASE: usize = OTHER + 3 * 48
const TWICE: usize = BASE + 3 * 48
const K: usize = SHARING_SCRATCH

let isTableReady: bool = false


@inline
function copyPoint(r: usize, p: usize): void {
  copy<Single>(r, p)
  copy<Single>(r + size<Single>(), p + size<Single>())
  copy<Single>(r + 2 * size<Single>(), p + 2 * size<Single>())
}

/** Writes the odd multiples 1, 3 … 31 of the affine BASE into a lane of a round; then BASE = 32·BASE. TWICE is 2·BASE. */
function buildWindow(round: usize, lane: usize): void {
  const next = WORK + 15 * BATCH_STRIDE
  const nextTwice = WORK + 16 * BATCH_STRIDE
  const p = next
  copyPoint(p, BASE)
  for (let e: usize = 0; e < ENTRIES; e++) {
    if (e > 0) {
      addAffine<Single>(p, TWICE, H)
      copyPoint(WORK + (e - 1) * BATCH_STRIDE, p)
    } else {
      insert(round, BASE, lane)
      insert(round + size<Pair>(), BASE + size<Single>(), lane)
    }
  }
  addAffine<Single>(next, BASE, H)
  copyPoint(nextTwice, next)
  double<Single>(nextTwice)
  toAffine(WORK, 17)
  for (let e: usize = 1; e < ENTRIES; e++) {
    const point = WORK + (e - 1) * BATCH_STRIDE
    insert(round + e * ENTRY_BYTES, point, lane)
    insert(round + e * ENTRY_BYTES + size<Pair>(), point + size<Single>(), lane)
  }
  copy<Single>(BASE, next)
  copy<Single>(BASE + size<Single>(), next + size<Single>())
  copy<Single>(TWICE, nextTwice)
  copy<Single>(TWICE + size<Single>(), nextTwice + size<Single>())
}

/** Builds the table at the first multiplication, in about a millisecond. Variable time: the table is public. */
export function prepareTable(): void {
  if (isTableReady) return
  copy<Single>(BASE, GENERATOR_X)
  copy<Single>(BASE + size<Single>(), GENERATOR_Y)
  set<Single>(BASE + 2 * size<Single>(), 1)
  copyPoint(WORK, BASE)
  double<Single>(WORK)
  toAffine(WORK, 1)
  copyPoint(TWICE, WORK)
  for (let window: usize = 0; window < 2 * ROUNDS; window++) {
    buildWindow(SECP256K1_COMB + (window >> 1) * ROUND_BYTES, window & 1)
  }
  memory.fill(WORK, 0, 17 * BATCH_STRIDE)
  isTableReady = true
}

/** entry = the table's point for the digits of both lanes in a round. */
export function lookupDigits(entry: usize, digits: usize, round: i32): void {
  const bit = 10 * round
  const both = (<i32>(load<u32>(digits + (bit >> 3)) >> (bit & 7))) & 1023
  const v0 = both & 31
  const v1 = both >> 5
  const table = SECP256K1_COMB + <usize>round * ROUND_BYTES
  lookup<Pair>(entry, table, <i32>ENTRIES, 2, tableIndex(v0, WIDTH), tableIndex(v1, WIDTH))
  const y = entry + size<Pair>()
  conditionalNegateCarried<C, Pair>(y, y, spread<Pair>(signMask(v0, WIDTH), signMask(v1, WIDTH)))
}

/** r = k·G (Jacobian) for a scalar in bytes. */
function multiplyGenerator(r: usize, scalar: usize): void {
  loadScalar<C>(K, scalar)
  recode<C>(DIGIT_SCRATCH, K, COMB_OFFSET)
  lookupDigits(ENTRY, DIGIT_SCRATCH, 0)
  copy<Pair>(ACCUMULATOR, ENTRY)
  copy<Pair>(ACCUMULATOR + size<Pair>(), ENTRY + size<Pair>())
  set<Pair>(ACCUMULATOR + 2 * size<Pair>(), 1)
  for (let round = 1; round < ROUNDS; round++) {
    lookupDigits(ENTRY, DIGIT_SCRATCH, round)
    addAffine<Pair>(ACCUMULATOR, ENTRY, H)
  }
  for (let c: usize = 0; c < 3; c++) {
    extract(r + c * size<Single>(), ACCUMULATOR + c * size<Pair>(), 0)
    extract(OTHER + c * size<Single>(), ACCUMULATOR + c * size<Pair>(), 1)
  }
  addComplete<Single>(r, OTHER)
}

/** r_i = k_i·G for `count` ≤ 256 scalars in bytes, one after the other. */
export function multiplyBaseEach(r: usize, scalars: usize, count: i32): void {
  prepareTable()
  for (let i: usize = 0; i < <usize>count; i++) multiplyGenerator(WORK + i * BATCH_STRIDE, scalars + i * SCALAR_BYTES)
  storeJacobian(r, WORK, count)
  memory.fill(WORK, 0, <usize>count * BATCH_STRIDE)
}
