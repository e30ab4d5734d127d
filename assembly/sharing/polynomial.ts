import { SCALAR_BYTES, SHARING_SCRATCH } from '../memory'
import { addScalars, LIMBS, loadScalar, montgomeryProduct, setScalar, storeScalar, toMontgomery } from '../field/scalar'

const X: usize = SHARING_SCRATCH
const SUM: usize = SHARING_SCRATCH + LIMBS
const COEFFICIENT: usize = SHARING_SCRATCH + 2 * LIMBS

/** r_j = f(x_j) for f = Σ coefficients[i]·x^i and public x_j (u32 each), by Horner's rule; all in canonical bytes. */
export function evaluatePolynomial<C>(r: usize, coefficients: usize, xs: usize, count: i32, xCount: i32): void {
  for (let j: usize = 0; j < <usize>xCount; j++) {
    setScalar(X, load<u32>(xs + 4 * j))
    toMontgomery<C>(X, X)
    setScalar(SUM, 0)
    for (let i = count - 1; i >= 0; i--) {
      montgomeryProduct<C>(SUM, SUM, X)
      loadScalar<C>(COEFFICIENT, coefficients + <usize>i * SCALAR_BYTES)
      addScalars<C>(SUM, SUM, COEFFICIENT)
    }
    storeScalar<C>(r + j * SCALAR_BYTES, SUM)
  }
}
