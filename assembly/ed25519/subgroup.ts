import { POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { broadcast, set } from '../field/lanes'
import { addCarried, multiply, square, subtractCarried } from '../field/prime'
import { ISOGENY_SLOPE, MONTGOMERY_SCALE } from './constants.gen'
import { isFourthPowerVar, squareRootOfRatioVar, twiceSubtractCarried } from './field'

type C = Ed25519

// The group is cyclic of order 8n. A point is in the subgroup of order n if and only if it is 8 times another point. A
// multiplication by n takes 252 doublings. Two exponentiations decide the same: one for a halving step (Pornin, eprint
// 2022/1164) and one for a Tate pairing (Koshelev, eprint 2022/037).
//
// On the birational Montgomery curve E: v² = u(u² + Au + 1), doubling is the composition of two 2-isogenies through
// E': v² = u(u² − 2Au + A² − 4) = u(u − A − 2)(u − A + 2). A point (u, v) of slope s = v/u is in the image of E' → E if and
// only if u = w² is a square. It is then the image of P' = (u', ±2w·u') with u' = A + 2w² + 2sw.
//
// The point is 8 times a point of E if and only if its preimages are in the odd part of E'(F_p) = Z/2 × Z/4 × Z/n, up to the
// kernel {O, (0, 0)}. The quotient of Z/2 × Z/4 by the kernel is cyclic of order 4, and one pairing of order 4 decides
// whether P' is trivial in it. Let T be the point of order 4 with 2T = (A + 2, 0) whose tangent has slope λ. Then the
// pairing is f^((p−1)/4) for
//
//   f = (v' − λ(u' − A − 2))²/(u' − A − 2),
//
// and it is trivial on (0, 0) if f(0, 0) = −λ²(A + 2) is a fourth power, that is, if λ·√(A + 2) is not a square. The slopes
// are √(A + 2) ± 2, one of which satisfies this. With u' = A + 2 + 2g, f is 2(w(A + 2) + (2w − λ)g)²/g. If f is zero or
// undefined, the point is rejected, which is right: P' is T or 2T then.

const A: i32 = 486662

const T: usize = POINT_SCRATCH
const W: usize = T + 80
const G: usize = T + 2 * 80
const F: usize = T + 3 * 80
const CONSTANT: usize = T + 4 * 80

/** Whether the public affine points in all lanes are in the subgroup of order n. x must not be zero. */
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
  // f = 2F²/(x·G) is a fourth power if and only if 2F²·(x·G)³ is one.
  multiply<C, L>(G, G, x)
  square<C, L>(F, F)
  square<C, L>(T, G)
  multiply<C, L>(T, T, G)
  multiply<C, L>(F, F, T)
  addCarried<C, L>(F, F, F)
  return isFourthPowerVar<L>(F)
}
