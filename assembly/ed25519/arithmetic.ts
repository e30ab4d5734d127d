import { POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { Single, spread } from '../field/lanes'
import { conditionalNegateCarried } from '../field/prime'
import { loadPoint, storePoint, storeProjective } from './affine'
import { addAffine, conditionalNegate, toAffineCached } from './point'

type C = Ed25519

const P: usize = POINT_SCRATCH + 80
const Q: usize = P + 4 * 48
const CACHED: usize = Q + 4 * 48

/** r = p + (negate ? −q : q); `negate` is all ones or zero. */
function addOrSubtract(r: usize, p: usize, q: usize, negate: i32): void {
  loadPoint(P, p)
  loadPoint(Q, q)
  toAffineCached<Single>(CACHED, Q)
  conditionalNegate<Single>(CACHED, spread<Single>(negate, negate))
  addAffine<Single>(P, CACHED)
  storeProjective(r, P, 1)
}

/** r = p + q for stored points. */
export function addPoints(r: usize, p: usize, q: usize): void {
  addOrSubtract(r, p, q, 0)
}

/** r = p − q for stored points. */
export function subtractPoints(r: usize, p: usize, q: usize): void {
  addOrSubtract(r, p, q, -1)
}

/** r = −p for a stored point. */
export function negatePoint(r: usize, p: usize): void {
  loadPoint(P, p)
  conditionalNegateCarried<C, Single>(P, P, spread<Single>(-1, -1))
  storePoint(r, P)
}
