import {
  BUCKETS,
  digitWidth,
  gatherLanes,
  recodeWindowsVar,
  scatterLanes,
  WINDOW_BYTES,
  windowCount,
  windowDigit,
  windowOffset,
} from '../field/buckets'
import { Secp256k1 } from '../field/curve'
import { broadcast, copy, extract, Pair, set, Single, size, spread } from '../field/lanes'
import { conditionalNegateCarried, multiply } from '../field/prime'
import { loadScalar } from '../field/scalar'
import { POINT_BYTES, POINT_SCRATCH, SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { loadPoint, storeJacobian } from './affine'
import { BETA } from './constants.gen'
import { addAffineVar, addVar, double, pointSize } from './point'
import { packHalfVar, splitScalar } from './split'

type C = Secp256k1

// Pippenger's method (field/buckets.ts) on the two halves of each scalar, for public points and scalars.

/** Offset in a term in WORK, after x, β·x and y: for each half its digits, followed by all ones if it is negative. */
const HALVES: usize = 3 * 48
const HALF_BYTES: usize = 48
const TERM_BYTES: usize = HALVES + 2 * HALF_BYTES
const HALF_BITS: i32 = 128

/** Bytes of a bucket: a Jacobian point in each lane. Z is all zeros while the bucket is empty. */
const BUCKET_BYTES: usize = 3 * 80

// Above what affine.ts uses.
const TOTAL: usize = POINT_SCRATCH + 80
const SUM: usize = TOTAL + 4 * 48
const RUNNING: usize = SUM + 3 * 80
const FOLDED: usize = RUNNING + 3 * 80
const ENTRY: usize = FOLDED + 3 * 80
const ADDEND: usize = ENTRY + 3 * 80
const OFFSET: usize = SHARING_SCRATCH
const K: usize = SHARING_SCRATCH + 48
const K1: usize = SHARING_SCRATCH + 96
const K2: usize = SHARING_SCRATCH + 144


@inline
function setIdentity<L>(p: usize): void {
  for (let c: usize = 0; c < pointSize<L>(); c += size<L>()) set<L>(p + c, 0)
}

function prepareTermVar(term: usize, point: usize, scalar: usize): void {
  const isIdentity = loadPoint(ENTRY, point) != 0
  copy<Single>(term, ENTRY)
  multiply<C, Single>(term + size<Single>(), ENTRY, BETA)
  copy<Single>(term + 2 * size<Single>(), ENTRY + size<Single>())
  loadScalar<C>(K, scalar)
  splitScalar(K1, K2, K)
  for (let half: usize = 0; half < 2; half++) {
    const digits = term + HALVES + half * HALF_BYTES
    store<i32>(digits, packHalfVar(digits, half == 0 ? K1 : K2), WINDOW_BYTES)
    if (isIdentity) memory.fill(digits, 0, HALF_BYTES)
    recodeWindowsVar(digits, OFFSET)
  }
}


@inline
function isEmpty(bucket: usize, lane: usize): bool {
  const z = bucket + 2 * size<Pair>() + 4 * lane
  if (load<u32>(z) != 0) return false
  let bits: u32 = 0
  for (let i: usize = 8; i < 72; i += 8) bits |= load<u32>(z + i)
  return bits == 0
}

/** Adds ±P to the bucket of |d| in each lane, for the digits d of a half of a term in two windows. */
function addDigitsVar(buckets: usize, term: usize, half: usize, window: i32, width: i32): void {
  const digits = term + HALVES + half * HALF_BYTES
  const negative = load<i32>(digits, WINDOW_BYTES)
  const dA = windowDigit(digits, window, width)
  const dB = windowDigit(digits, window + 1, width)
  if ((dA | dB) == 0) return
  const y = ENTRY + size<Pair>()
  broadcast<Pair>(ENTRY, term + half * size<Single>())
  broadcast<Pair>(y, term + 2 * size<Single>())
  conditionalNegateCarried<C, Pair>(y, y, spread<Pair>((dA >> 31) ^ negative, (dB >> 31) ^ negative))

  // The first point of a bucket is copied. A lane with the digit 0 adds to bucket 0, which is not used.
  let a = buckets + <usize>abs<i32>(dA) * BUCKET_BYTES
  let b = buckets + <usize>abs<i32>(dB) * BUCKET_BYTES
  const isFirstA = isEmpty(a, 0)
  const isFirstB = isEmpty(b, 1)
  if (isFirstA || isFirstB) {
    scatterLanes(isFirstA ? a : buckets, isFirstB ? b : buckets, ENTRY, BUCKET_BYTES)
    if (isFirstA) a = buckets
    if (isFirstB) b = buckets
    if (a == b) return
  }
  gatherLanes(SUM, a, b, BUCKET_BYTES)
  addAffineVar<Pair>(SUM, ENTRY)
  scatterLanes(a, b, SUM, BUCKET_BYTES)
}

/** FOLDED = Σ b·bucket_b in each lane, by running sums from the highest bucket down. */
function foldBucketsVar(buckets: usize, count: usize): void {
  setIdentity<Pair>(RUNNING)
  setIdentity<Pair>(FOLDED)
  for (let bucket = buckets + count * BUCKET_BYTES; bucket > buckets; bucket -= BUCKET_BYTES) {
    addVar<Pair>(RUNNING, bucket)
    addVar<Pair>(FOLDED, RUNNING)
  }
}

/** TOTAL = 2^width·TOTAL + a lane of FOLDED. */
function addWindowVar(width: i32, lane: usize): void {
  for (let i = 0; i < width; i++) double<Single>(TOTAL)
  for (let c: usize = 0; c < 3; c++) extract(ADDEND + c * size<Single>(), FOLDED + c * size<Pair>(), lane)
  addVar<Single>(TOTAL, ADDEND)
}

/** r = Σ k_i·P_i for many public stored points and public scalars in bytes, at most COMBINATION_TERMS. */
export function combineManyVar(r: usize, points: usize, scalars: usize, count: i32): void {
  const width = digitWidth(2 * count)
  const windows = windowCount(HALF_BITS, width)
  const top: usize = 1 << (width - 1)
  const buckets = WORK + <usize>count * TERM_BYTES
  windowOffset(OFFSET, windows, width)
  for (let i: usize = 0; i < <usize>count; i++) {
    prepareTermVar(WORK + i * TERM_BYTES, points + i * POINT_BYTES, scalars + i * SCALAR_BYTES)
  }
  setIdentity<Single>(TOTAL)
  set<Pair>(ENTRY + 2 * size<Pair>(), 1)
  for (let window = windows - 2; window >= 0; window -= 2) {
    memory.fill(buckets, 0, (top + 1) * BUCKET_BYTES)
    set<Pair>(buckets + 2 * size<Pair>(), 1)
    for (let term: usize = WORK; term < buckets; term += TERM_BYTES) {
      addDigitsVar(buckets, term, 0, window, width)
      addDigitsVar(buckets, term, 1, window, width)
    }
    foldBucketsVar(buckets, top)
    addWindowVar(width, 1)
    addWindowVar(width, 0)
  }
  memory.fill(WORK, 0, buckets + BUCKETS * BUCKET_BYTES - WORK)
  storeJacobian(r, TOTAL, 1)
}
