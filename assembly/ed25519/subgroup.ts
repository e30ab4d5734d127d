import { POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { copy, set, Single, size } from '../field/lanes'
import { multiply, square, subtractCarried } from '../field/prime'
import { MONTGOMERY_SCALE } from './constants.gen'
import { addCarried, squareRootOfRatioVar, twiceAdd } from './field'

type C = Ed25519

// The group is cyclic of order 8n, so a point has order n just when it can be halved three times. Halving, after
// Pornin (eprint 2022/1164), takes square roots where a multiplication by n takes 252 doublings.
//
// On the birational Montgomery curve v² = u(u² + Au + 1), doubling is two 2-isogenies over v² = u(u² − 2Au + A² − 4). A
// point with slope s = v/u is in the image of the second just when u = w² is a square, from u' = A + 2w² + 2sw or, with
// −w, its complement (A² − 4)/u'. A² − 4 is not a square, so one of the two is, u' = z²; then it comes from the point
// with u = (z² − A)/2 + wz and slope z, half of the first one. Zeros do not occur for u ≠ 0.

const A: i32 = 486662

const T: usize = POINT_SCRATCH
const U: usize = T + 48
const U_DENOMINATOR: usize = T + 2 * 48
const SLOPE: usize = T + 3 * 48
const SLOPE_DENOMINATOR: usize = T + 4 * 48
const W: usize = T + 5 * 48
const Z: usize = T + 6 * 48
const CONSTANT: usize = T + 7 * 48

/** Z = √(A + 2w² + 2sw); false if that is not a square. */
function rootOfPreimageVar(): bool {
  set<Single>(CONSTANT, A)
  square<C, Single>(T, W)
  twiceAdd<Single>(T, T, CONSTANT)
  multiply<C, Single>(T, T, SLOPE_DENOMINATOR)
  multiply<C, Single>(Z, W, SLOPE)
  addCarried<Single>(Z, Z, Z)
  addCarried<Single>(T, T, Z)
  return squareRootOfRatioVar(Z, T, SLOPE_DENOMINATOR)
}

/** Whether a public affine point with x ≠ 0 is in the subgroup of order n. */
export function isTorsionFreeVar(x: usize, y: usize): bool {
  // u = (1 + y)/(1 − y), s = √(−A − 2)/x
  set<Single>(CONSTANT, 1)
  addCarried<Single>(U, CONSTANT, y)
  subtractCarried<C, Single>(U_DENOMINATOR, CONSTANT, y)
  copy<Single>(SLOPE, MONTGOMERY_SCALE)
  copy<Single>(SLOPE_DENOMINATOR, x)
  for (let i = 0; i < 2; i++) {
    if (!squareRootOfRatioVar(W, U, U_DENOMINATOR)) return false
    if (!rootOfPreimageVar()) {
      set<Single>(T, 0)
      subtractCarried<C, Single>(W, T, W)
      rootOfPreimageVar()
    }
    // Twice u: z² − A + 2wz, over 2.
    set<Single>(CONSTANT, A)
    square<C, Single>(T, Z)
    subtractCarried<C, Single>(T, T, CONSTANT)
    multiply<C, Single>(U, W, Z)
    addCarried<Single>(U, U, U)
    addCarried<Single>(U, U, T)
    set<Single>(U_DENOMINATOR, 2)
    copy<Single>(SLOPE, Z)
    set<Single>(SLOPE_DENOMINATOR, 1)
  }
  return squareRootOfRatioVar(W, U, U_DENOMINATOR)
}
