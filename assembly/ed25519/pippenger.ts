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
import { broadcast, extract, Pair, Single, size, spread } from '../field/lanes'
import { POINT_BYTES, POINT_SCRATCH, SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { loadPoint, storeProjective } from './affine'
import {
  addAffine,
  addCached,
  conditionalNegate,
  double,
  pointSize,
  setIdentity,
  toAffineCached,
  toCached,
} from './point'

// Pippenger's method (field/buckets.ts) for public points and scalars.

/** Offset of the digits in a term in WORK, after the affine cached point. */
const DIGITS: usize = 3 * 48
const TERM_BYTES: usize = DIGITS + 48
const SCALAR_BITS: i32 = 253

/** Bytes of a bucket: an extended point in each lane. */
const BUCKET_BYTES: usize = 4 * 80

// Above what affine.ts uses.
const TOTAL: usize = POINT_SCRATCH + 80
const SUM: usize = TOTAL + 4 * 48
const RUNNING: usize = SUM + 4 * 80
const FOLDED: usize = RUNNING + 4 * 80
const CACHED: usize = FOLDED + 4 * 80
const LOADED: usize = CACHED + 4 * 80
const OFFSET: usize = SHARING_SCRATCH

function prepareTermVar(term: usize, point: usize, scalar: usize): void {
  const digits = term + DIGITS
  loadPoint(LOADED, point)
  toAffineCached<Single>(term, LOADED)
  memory.copy(digits, scalar, SCALAR_BYTES)
  memory.fill(digits + SCALAR_BYTES, 0, WINDOW_BYTES - SCALAR_BYTES)
  recodeWindowsVar(digits, OFFSET)
}

/** Adds ±P to the bucket of |d| in each lane, for a term's digits d in two windows. Bucket 0 is not used. */
function addDigitsVar(buckets: usize, term: usize, window: i32, width: i32): void {
  const dA = windowDigit(term + DIGITS, window, width)
  const dB = windowDigit(term + DIGITS, window + 1, width)
  if ((dA | dB) == 0) return
  for (let c: usize = 0; c < 3; c++) broadcast<Pair>(CACHED + c * size<Pair>(), term + c * size<Single>())
  conditionalNegate<Pair>(CACHED, spread<Pair>(dA >> 31, dB >> 31))
  const a = buckets + <usize>abs<i32>(dA) * BUCKET_BYTES
  const b = buckets + <usize>abs<i32>(dB) * BUCKET_BYTES
  gatherLanes(SUM, a, b, BUCKET_BYTES)
  addAffine<Pair>(SUM, CACHED)
  scatterLanes(a, b, SUM, BUCKET_BYTES)
}

/** FOLDED = Σ b·bucket_b in each lane, by running sums from the highest bucket down. */
function foldBuckets(buckets: usize, count: usize): void {
  setIdentity<Pair>(RUNNING)
  setIdentity<Pair>(FOLDED)
  for (let bucket = buckets + count * BUCKET_BYTES; bucket > buckets; bucket -= BUCKET_BYTES) {
    toCached<Pair>(CACHED, bucket)
    addCached<Pair>(RUNNING, CACHED)
    toCached<Pair>(CACHED, RUNNING)
    addCached<Pair>(FOLDED, CACHED)
  }
}

/** TOTAL = 2^width·TOTAL + a lane of FOLDED. */
function addWindow(width: i32, lane: usize): void {
  for (let i = 0; i < width; i++) double<Single>(TOTAL)
  for (let c: usize = 0; c < 4; c++) extract(LOADED + c * size<Single>(), FOLDED + c * size<Pair>(), lane)
  toCached<Single>(CACHED, LOADED)
  addCached<Single>(TOTAL, CACHED)
}

/** r = Σ k_i·P_i for many public stored points and public scalars in bytes, at most COMBINATION_TERMS. */
export function combineManyVar(r: usize, points: usize, scalars: usize, count: i32): void {
  const width = digitWidth(count)
  const windows = windowCount(SCALAR_BITS, width)
  const top: usize = 1 << (width - 1)
  const buckets = WORK + <usize>count * TERM_BYTES
  windowOffset(OFFSET, windows, width)
  for (let i: usize = 0; i < <usize>count; i++) {
    prepareTermVar(WORK + i * TERM_BYTES, points + i * POINT_BYTES, scalars + i * SCALAR_BYTES)
  }
  setIdentity<Single>(TOTAL)
  for (let window = windows - 2; window >= 0; window -= 2) {
    for (let i: usize = 0; i <= top; i++) setIdentity<Pair>(buckets + i * BUCKET_BYTES)
    for (let term: usize = WORK; term < buckets; term += TERM_BYTES) addDigitsVar(buckets, term, window, width)
    foldBuckets(buckets, top)
    addWindow(width, 1)
    addWindow(width, 0)
  }
  memory.fill(WORK, 0, buckets + BUCKETS * BUCKET_BYTES - WORK)
  storeProjective(r, TOTAL, 1)
}
