import { BATCH_STRIDE, storeJacobian } from './affine'
import { lookupDigits, multiplyBaseEach, prepareTable, ROUNDS } from './base'
import { Secp256k1 } from '../field/curve'
import { DIGIT_BYTES, recode } from '../field/digits'
import { Pair, size } from '../field/lanes'
import { loadScalar } from '../field/scalar'
import { POINT_BYTES, SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { COMB_OFFSET } from './constants.gen'
import { subtractPairs } from './quad'
import { addOnWayDown, include, invertProduct, joinLanes, startProduct } from './shared-inversion'

type C = Secp256k1

// The multiplication of base.ts for many scalars at once, round by round. The affine additions of a round share one
// inversion (Montgomery's trick), so an addition takes 5M + 1S instead of 8M + 3S. base.ts says why none of them divides by
// zero.

/** From this number of scalars on, this is faster. The inversion of a round takes the time that twenty additions save. */
const LEAST: i32 = 24
/** Maximum number of scalars that share their inversions. */
const MOST: i32 = 128

// What a scalar uses in WORK: the accumulator, the entry to add, the product of the previous differences, and the digits.
const ENTRY: usize = 2 * 80
const PREFIX: usize = 4 * 80
const DIGITS: usize = 5 * 80
const STRIDE: usize = DIGITS + DIGIT_BYTES

const K: usize = SHARING_SCRATCH

/** Adds a round's entries to the accumulators of all scalars. */
function addRound(end: usize, round: i32): void {
  startProduct()
  for (let p: usize = WORK; p < end; p += STRIDE) {
    const entry = p + ENTRY
    lookupDigits(entry, p + DIGITS, round)
    // The entry's x is x2 − x1 from now on.
    subtractPairs(entry, entry, p)
    include(entry, p + PREFIX)
  }
  invertProduct()
  for (let p: usize = end - STRIDE; p >= WORK; p -= STRIDE) {
    addOnWayDown(p, p, p + ENTRY, p + ENTRY + size<Pair>(), p + PREFIX)
  }
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
  // STRIDE exceeds BATCH_STRIDE, so the sums only overwrite accumulators that are no longer needed.
  for (let i: usize = 0; i < <usize>count; i++) joinLanes(WORK + i * BATCH_STRIDE, WORK + i * STRIDE)
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
