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

// λ_i = Π x_j / (x_j − x_i) over j ≠ i, for public ids. Numerator and denominator have equally many factors, so the
// powers of 2^261 that their Montgomery products lose cancel.

/** In WORK for each id: numerator, denominator, and the product of all denominators before. */
const STRIDE: usize = 3 * LIMBS

const FACTOR: usize = SHARING_SCRATCH
const INVERSE: usize = SHARING_SCRATCH + LIMBS
const OWN: usize = SHARING_SCRATCH + 2 * LIMBS

function multiplyFactors<C>(entry: usize, xs: usize, count: i32, own: i32): void {
  const numerator = entry
  const denominator = entry + LIMBS
  const x = load<u32>(xs + 4 * own)
  let isNegative = false
  setScalar(numerator, 1)
  setScalar(denominator, 1)
  for (let j = 0; j < count; j++) {
    if (j == own) continue
    const other = load<u32>(xs + 4 * j)
    setScalar(FACTOR, other)
    montgomeryProduct<C>(numerator, numerator, FACTOR)
    setScalar(FACTOR, other > x ? other - x : x - other)
    montgomeryProduct<C>(denominator, denominator, FACTOR)
    isNegative = isNegative != other < x
  }
  if (isNegative) negateScalar<C>(denominator, denominator)
}

/** r_i = the Lagrange coefficient at zero of x_i among `count` ≤ 256 public ids (u32 each). */
export function lagrangeCoefficients<C>(r: usize, xs: usize, count: i32): i32 {
  setScalar(INVERSE, 1)
  for (let i = 0; i < count; i++) {
    const entry = WORK + <usize>i * STRIDE
    multiplyFactors<C>(entry, xs, count, i)
    memory.copy(entry + 2 * LIMBS, INVERSE, LIMBS)
    multiplyScalars<C>(INVERSE, INVERSE, entry + LIMBS)
  }
  const status = isZeroScalar(INVERSE) ? UNDEFINED : OK
  invertScalar<C>(INVERSE, INVERSE)
  for (let i = count - 1; i >= 0; i--) {
    const entry = WORK + <usize>i * STRIDE
    multiplyScalars<C>(OWN, INVERSE, entry + 2 * LIMBS)
    multiplyScalars<C>(INVERSE, INVERSE, entry + LIMBS)
    multiplyScalars<C>(OWN, OWN, entry)
    storeScalar<C>(r + <usize>i * SCALAR_BYTES, OWN)
  }
  memory.fill(WORK, 0, <usize>count * STRIDE)
  return status
}
