import { SCALAR_BYTES, SHARING_SCRATCH, WORK } from '../memory'
import { LIMBS, loadScalar, montgomeryProduct, setScalar, storeScalar } from '../field/scalar'
import { reduceLoose, shortProduct, startWeights } from '../field/short-product'

// Points x are public and below 2^16. Each short product with a point also divides by 2^29. To compensate, coefficient k, or
// the sum of k-th powers, is multiplied by 2^(29·k).

const SUM: usize = SHARING_SCRATCH
const WEIGHT: usize = SHARING_SCRATCH + LIMBS
const STEP: usize = SHARING_SCRATCH + 2 * LIMBS
const ZERO: usize = SHARING_SCRATCH + 3 * LIMBS
/** Nine limbs of 64 bits. */
const TOTAL: usize = SHARING_SCRATCH + 4 * LIMBS

/**
 * r_j = s_j·x_j^count + f(x_j) for f = Σ coefficients[i]·x^i with `count` ≤ 900 coefficients and points x_j (u32 each), by
 * Horner's rule. s_j is the result for the higher coefficients. All scalars are canonical bytes.
 */
export function evaluatePolynomial<C>(
  r: usize,
  coefficients: usize,
  xs: usize,
  sums: usize,
  count: i32,
  xCount: i32,
): void {
  const end = WORK + <usize>count * LIMBS
  startWeights<C>(WEIGHT, STEP)
  for (let limbs: usize = WORK, bytes = coefficients; limbs < end; limbs += LIMBS, bytes += SCALAR_BYTES) {
    loadScalar<C>(limbs, bytes)
    montgomeryProduct<C>(limbs, limbs, WEIGHT)
    montgomeryProduct<C>(WEIGHT, WEIGHT, STEP)
  }
  for (let j: usize = 0; j < <usize>xCount; j++) {
    const x = load<u32>(xs + 4 * j)
    loadScalar<C>(SUM, sums + j * SCALAR_BYTES)
    montgomeryProduct<C>(SUM, SUM, WEIGHT)
    for (let coefficient = end - LIMBS; coefficient >= WORK; coefficient -= LIMBS) {
      shortProduct<C>(SUM, SUM, x, coefficient)
    }
    reduceLoose<C>(SUM, SUM)
    storeScalar<C>(r + j * SCALAR_BYTES, SUM)
  }
  memory.fill(WORK, 0, end - WORK)
}

/** r = Σ_j a_j for `count` ≤ 128 loose scalars at a. All limbs but the top one are canonical. */
function addAll(r: usize, a: usize, count: i32): void {
  memory.fill(TOTAL, 0, 72)
  for (let end = a + <usize>count * LIMBS; a < end; a += LIMBS) {
    for (let i: usize = 0; i < 9; i++) {
      store<u64>(TOTAL + 8 * i, load<u64>(TOTAL + 8 * i) + load<u32>(a + 4 * i))
    }
  }
  let carry: u64 = 0
  for (let i: usize = 0; i < 9; i++) {
    carry += load<u64>(TOTAL + 8 * i)
    store<u32>(r + 4 * i, <u32>(i < 8 ? carry & 0x1fffffff : carry))
    carry >>= 29
  }
}

/**
 * r_k = Σ_j w_j·x_j^k for k < `count` and at most 128 points x_j (u32 each). After them, r has the weights w_j·x_j^count for
 * a call for the higher powers. All scalars are canonical bytes.
 */
export function powerSums<C>(r: usize, weights: usize, xs: usize, count: i32, xCount: i32): void {
  const end = WORK + <usize>xCount * LIMBS
  startWeights<C>(WEIGHT, STEP)
  setScalar(ZERO, 0)
  for (let power: usize = WORK, bytes = weights; power < end; power += LIMBS, bytes += SCALAR_BYTES) {
    loadScalar<C>(power, bytes)
  }
  for (let k = 0; k < count; k++) {
    addAll(SUM, WORK, xCount)
    for (let power: usize = WORK, x = xs; power < end; power += LIMBS, x += 4) {
      shortProduct<C>(power, power, load<u32>(x), ZERO)
    }
    weigh<C>(SUM, r)
    r += SCALAR_BYTES
    montgomeryProduct<C>(WEIGHT, WEIGHT, STEP)
  }
  for (let power: usize = WORK; power < end; power += LIMBS) {
    weigh<C>(power, r)
    r += SCALAR_BYTES
  }
  memory.fill(WORK, 0, end - WORK)
}

/** Writes a·weight as bytes, for a loose a or a sum of {@link addAll}. */
function weigh<C>(a: usize, bytes: usize): void {
  reduceLoose<C>(a, a)
  montgomeryProduct<C>(a, a, WEIGHT)
  storeScalar<C>(bytes, a)
}
