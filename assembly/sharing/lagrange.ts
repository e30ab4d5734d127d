import { OK, SCALAR_BYTES, SHARING_SCRATCH, UNDEFINED, WORK } from '../memory'
import {
  invertScalar,
  isZeroScalar,
  LIMBS,
  montgomeryProduct,
  multiplyScalars,
  negateScalar,
  setScalar,
  storeScalar,
} from '../field/scalar'

// λ_i = Π x_j / (x_i·Π (x_j − x_i)) for public points x < 2^16. The product in the numerator is over all j, the one in the
// denominator over j ≠ i. Four factors are combined to one factor of a Montgomery product. Numerator and denominator have
// equally many of them, so the factors 2^−261 of their products cancel.

/** Bytes in WORK for each point: its denominator, and the product of all previous denominators. */
const STRIDE: usize = 2 * LIMBS

const FACTOR: usize = SHARING_SCRATCH
const INVERSE: usize = SHARING_SCRATCH + LIMBS
const OWN: usize = SHARING_SCRATCH + 2 * LIMBS
const NUMERATOR: usize = SHARING_SCRATCH + 3 * LIMBS


@inline
function setLongScalar(r: usize, value: u64): void {
  setScalar(r, <u32>(value & 0x1fffffff))
  store<u32>(r, <u32>((value >> 29) & 0x1fffffff), 4)
  store<u32>(r, <u32>(value >> 58), 8)
}

/** The factor of x_j in the product for x: their distance, or x itself if the distance is 0. */
@inline
function factor(xs: usize, j: i32, count: i32, own: i32, x: u32): u64 {
  if (j >= count) return 1
  const other = load<u32>(xs + 4 * <usize>j)
  return j == own ? x : other > x ? other - x : x - other
}

/** r = Π |x_j − x_own|, with x_own in place of the factor 0. If `own` is −1, r = Π x_j. */
function multiplyFactors<C>(r: usize, xs: usize, count: i32, own: i32): void {
  const x = own < 0 ? 0 : load<u32>(xs + 4 * <usize>own)
  setScalar(r, 1)
  for (let j = 0; j < count; j += 4) {
    const first = factor(xs, j, count, own, x) * factor(xs, j + 1, count, own, x)
    const second = factor(xs, j + 2, count, own, x) * factor(xs, j + 3, count, own, x)
    setLongScalar(FACTOR, first * second)
    montgomeryProduct<C>(r, r, FACTOR)
  }
}

/** r = x_own·Π (x_j − x_own). */
function multiplyDifferences<C>(r: usize, xs: usize, count: i32, own: i32): void {
  multiplyFactors<C>(r, xs, count, own)
  const x = load<u32>(xs + 4 * <usize>own)
  let isNegative = false
  for (let j: usize = 0; j < <usize>count; j++) isNegative = isNegative != load<u32>(xs + 4 * j) < x
  if (isNegative) negateScalar<C>(r, r)
}

/**
 * r_i = the Lagrange coefficient at zero of x_{first + i} among `count` public points (u32 each), for i < `own` ≤ 256.
 * Returns UNDEFINED if one of these is zero, or equal to another point.
 */
export function lagrangeCoefficients<C>(r: usize, xs: usize, count: i32, first: i32, own: i32): i32 {
  setScalar(INVERSE, 1)
  for (let i = 0; i < own; i++) {
    const entry = WORK + <usize>i * STRIDE
    multiplyDifferences<C>(entry, xs, count, first + i)
    memory.copy(entry + LIMBS, INVERSE, LIMBS)
    multiplyScalars<C>(INVERSE, INVERSE, entry)
  }
  const status = isZeroScalar(INVERSE) ? UNDEFINED : OK
  invertScalar<C>(INVERSE, INVERSE)
  multiplyFactors<C>(NUMERATOR, xs, count, -1)
  for (let i = own - 1; i >= 0; i--) {
    const entry = WORK + <usize>i * STRIDE
    multiplyScalars<C>(OWN, INVERSE, entry + LIMBS)
    multiplyScalars<C>(INVERSE, INVERSE, entry)
    multiplyScalars<C>(OWN, OWN, NUMERATOR)
    storeScalar<C>(r + <usize>i * SCALAR_BYTES, OWN)
  }
  memory.fill(WORK, 0, <usize>own * STRIDE)
  return status
}
