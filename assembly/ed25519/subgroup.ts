import { POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { broadcast, set } from '../field/lanes'
import { addCarried, multiply, square, subtractCarried } from '../field/prime'
import { ISOGENY_SLOPE, MONTGOMERY_SCALE } from './constants.gen'
import { isFourthPowerVar, squareRootOfRatioVar, twiceSubtractCarried } from './field'

type C = Ed25519

// The group is cyclic of order 8n; a point has order n just when it is 8 times another one. Two powers tell that, where
// a multiplication by n takes 252 doublings: a halving step (Pornin, eprint 2022/1164) and a Tate pairing (Koshelev,
// eprint 2022/037).
//
// On the birational Montgomery curve E: v² = u(u² + Au + 1), doubling is two 2-isogenies over
// E': v² = u(u² − 2Au + A² − 4) = u(u − A − 2)(u − A + 2). A point (u, v) of slope s = v/u is in the image of E' → E just
// when u = w² is a square, and comes from P' = (u', ±2w·u') with u' = A + 2w² + 2sw. It is 8 times a point of E just when
// its preimages are in the odd part of E'(F_p) = Z/2 × Z/4 × Z/n, up to the kernel {O, (0, 0)}. The quotient of Z/2 × Z/4
// by the kernel is cyclic of order 4, and one pairing of order 4 tells whether P' is trivial in it: with the point T of
// order 4 over 2T = (A + 2, 0) whose tangent has slope λ, it is f^((p−1)/4) for
//
//   f = (v' − λ(u' − A − 2))²/(u' − A − 2),
//
// and it is trivial on (0, 0) if f(0, 0) = −λ²(A + 2) is a fourth power, that is, λ·√(A + 2) is not a square. The slopes
// are √(A + 2) ± 2, one of which does. With u' = A + 2 + 2g, f is 2(w(A + 2) + (2w − λ)g)²/g. Zeros reject, rightly:
// then P' is T or 2T.

const A: i32 = 486662

const T: usize = POINT_SCRATCH
const W: usize = T + 80
const G: usize = T + 2 * 80
const F: usize = T + 3 * 80
const CONSTANT: usize = T + 4 * 80

/** Whether public affine points, x ≠ 0, are in the subgroup of order n, in every lane. */
export function isTorsionFreeVar<L>(x: usize, y: usize): bool {
  // u = (1 + y)/(1 − y), s = √(−A − 2)/x
  set<L>(CONSTANT, 1)
  addCarried<C, L>(F, CONSTANT, y)
  subtractCarried<C, L>(G, CONSTANT, y)
  if (!squareRootOfRatioVar<L>(W, F, G)) return false
  // G = x·g = x(w² − 1) + w·s·x
  square<C, L>(T, W)
  subtractCarried<C, L>(T, T, CONSTANT)
  multiply<C, L>(G, T, x)
  broadcast<L>(CONSTANT, MONTGOMERY_SCALE)
  multiply<C, L>(T, W, CONSTANT)
  addCarried<C, L>(G, G, T)
  // F = x(w(A + 2) + (2w − λ)g)
  set<L>(CONSTANT, A + 2)
  multiply<C, L>(F, W, x)
  multiply<C, L>(F, F, CONSTANT)
  broadcast<L>(CONSTANT, ISOGENY_SLOPE)
  twiceSubtractCarried<L>(T, W, CONSTANT)
  multiply<C, L>(T, T, G)
  addCarried<C, L>(F, F, T)
  // f = 2F²/(x·G) is a fourth power just when 2F²·(x·G)³ is.
  multiply<C, L>(G, G, x)
  square<C, L>(F, F)
  square<C, L>(T, G)
  multiply<C, L>(T, T, G)
  multiply<C, L>(F, F, T)
  addCarried<C, L>(F, F, F)
  return isFourthPowerVar<L>(F)
}
