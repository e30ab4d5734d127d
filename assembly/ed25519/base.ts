import { DIGIT_SCRATCH, ED25519_COMB, SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { Ed25519 } from '../field/curve'
import { recode, signMask, tableIndex } from '../field/digits'
import { copy, extract, insert, lookup, Pair, set, Single, size, spread } from '../field/lanes'
import { multiply } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { AFFINE_SCRATCH_END, BATCH_STRIDE, storeProjective, toAffine } from './affine'
import { COMB_OFFSET, GENERATOR_X, GENERATOR_Y } from './constants.gen'
import { addAffine, addCached, conditionalNegate, double, setIdentity, toAffineCached, toCached } from './point'

type C = Ed25519

// Constant-time multiplication of the generator. The scalar is recoded to 52 odd signed digits of 5 bits, |d| < 32. Lane A
// adds the even windows and lane B the odd ones. Each table entry is selected by reading all 16.

const ROUNDS: i32 = 26
const WIDTH: i32 = 5
const ENTRIES: usize = 16
const ENTRY_BYTES: usize = 3 * 80
const ROUND_BYTES: usize = ENTRIES * ENTRY_BYTES

const ACCUMULATOR: usize = AFFINE_SCRATCH_END
const ENTRY: usize = ACCUMULATOR + 4 * 80
const OTHER: usize = ENTRY + 3 * 80
const SUM: usize = OTHER + 4 * 48
const BASE: usize = SUM + 4 * 48
const TWICE: usize = BASE + 4 * 48
const CACHED: usize = TWICE + 4 * 48
const K: usize = SHARING_SCRATCH

let isTableReady: bool = false


@inline
function copyElements(r: usize, p: usize, count: usize): void {
  for (let c: usize = 0; c < count * size<Single>(); c += size<Single>()) copy<Single>(r + c, p + c)
}

/** p = the extended point with the x and y of another. */
function setAffine(p: usize, xy: usize): void {
  copyElements(p, xy, 2)
  set<Single>(p + 2 * size<Single>(), 1)
  multiply<C, Single>(p + 3 * size<Single>(), p, p + size<Single>())
}

/** Writes the odd multiples 1, 3 … 31 of the affine BASE into a lane of a round; then BASE = 32·BASE. TWICE is 2·BASE. */
function buildWindow(round: usize, lane: usize): void {
  toAffineCached<Single>(CACHED, TWICE)
  copyElements(SUM, BASE, 4)
  for (let e: usize = 0; e < ENTRIES; e++) {
    copyElements(WORK + e * BATCH_STRIDE, SUM, 3)
    if (e < ENTRIES - 1) addAffine<Single>(SUM, CACHED)
  }
  toAffineCached<Single>(CACHED, BASE)
  addAffine<Single>(SUM, CACHED)
  copyElements(WORK + ENTRIES * BATCH_STRIDE, SUM, 3)
  double<Single>(SUM)
  copyElements(WORK + (ENTRIES + 1) * BATCH_STRIDE, SUM, 3)
  toAffine(WORK, <i32>ENTRIES + 2)
  for (let e: usize = 0; e < ENTRIES; e++) {
    setAffine(SUM, WORK + e * BATCH_STRIDE)
    toAffineCached<Single>(CACHED, SUM)
    for (let c: usize = 0; c < 3; c++)
      insert(round + e * ENTRY_BYTES + c * size<Pair>(), CACHED + c * size<Single>(), lane)
  }
  setAffine(BASE, WORK + ENTRIES * BATCH_STRIDE)
  setAffine(TWICE, WORK + (ENTRIES + 1) * BATCH_STRIDE)
}

/** Builds the table at the first multiplication, in about a millisecond. Variable time: the table is public. */
function prepareTable(): void {
  copy<Single>(SUM, GENERATOR_X)
  copy<Single>(SUM + size<Single>(), GENERATOR_Y)
  setAffine(BASE, SUM)
  copyElements(SUM, BASE, 4)
  double<Single>(SUM)
  copyElements(WORK, SUM, 3)
  toAffine(WORK, 1)
  setAffine(TWICE, WORK)
  for (let window: usize = 0; window < 2 * ROUNDS; window++) {
    buildWindow(ED25519_COMB + (window >> 1) * ROUND_BYTES, window & 1)
  }
  memory.fill(WORK, 0, (ENTRIES + 2) * BATCH_STRIDE)
  isTableReady = true
}

/** ENTRY = the table's point for the digits of both lanes in a round. */
function lookupDigits(round: i32): void {
  const bit = 10 * round
  const digits = (<i32>(load<u32>(DIGIT_SCRATCH + (bit >> 3)) >> (bit & 7))) & 1023
  const v0 = digits & 31
  const v1 = digits >> 5
  const table = ED25519_COMB + <usize>round * ROUND_BYTES
  lookup<Pair>(ENTRY, table, <i32>ENTRIES, 3, tableIndex(v0, WIDTH), tableIndex(v1, WIDTH))
  conditionalNegate<Pair>(ENTRY, spread<Pair>(signMask(v0, WIDTH), signMask(v1, WIDTH)))
}

/** r = k·G (projective) for a scalar in bytes. */
function multiplyGenerator(r: usize, scalar: usize): void {
  loadScalar<C>(K, scalar)
  recode<C>(DIGIT_SCRATCH, K, COMB_OFFSET)
  setIdentity<Pair>(ACCUMULATOR)
  for (let round = 0; round < ROUNDS; round++) {
    lookupDigits(round)
    addAffine<Pair>(ACCUMULATOR, ENTRY)
  }
  for (let c: usize = 0; c < 4; c++) {
    extract(SUM + c * size<Single>(), ACCUMULATOR + c * size<Pair>(), 0)
    extract(OTHER + c * size<Single>(), ACCUMULATOR + c * size<Pair>(), 1)
  }
  toCached<Single>(CACHED, OTHER)
  addCached<Single>(SUM, CACHED)
  copyElements(r, SUM, 3)
}

/** r_i = k_i·G for `count` ≤ 256 scalars in bytes. */
export function multiplyBase(r: usize, scalars: usize, count: i32): void {
  if (!isTableReady) prepareTable()
  for (let i: usize = 0; i < <usize>count; i++) multiplyGenerator(WORK + i * BATCH_STRIDE, scalars + i * SCALAR_BYTES)
  storeProjective(r, WORK, count)
  memory.fill(WORK, 0, <usize>count * BATCH_STRIDE)
}
