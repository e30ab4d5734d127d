import { POINT_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { Single, size, spread } from '../field/lanes'
import { conditionalNegateCarried } from '../field/prime'
import { loadJacobian, loadPoint, storeJacobian, storePoint } from './affine'
import { addComplete } from './point'

type C = Secp256k1

const P: usize = POINT_SCRATCH + 80
const Q: usize = P + 4 * 48


@inline
function negateY(xy: usize): void {
  const y = xy + size<Single>()
  conditionalNegateCarried<C, Single>(y, y, spread<Single>(-1, -1))
}

/** r = p + q for stored points. */
export function addPoints(r: usize, p: usize, q: usize): void {
  loadJacobian(P, p)
  loadJacobian(Q, q)
  addComplete<Single>(P, Q)
  storeJacobian(r, P, 1)
}

/** r = p − q for stored points. */
export function subtractPoints(r: usize, p: usize, q: usize): void {
  loadJacobian(P, p)
  loadJacobian(Q, q)
  negateY(Q)
  addComplete<Single>(P, Q)
  storeJacobian(r, P, 1)
}

/** r = −p for a stored point. The identity stays all zeros, since −0 is 0. */
export function negatePoint(r: usize, p: usize): void {
  loadPoint(P, p)
  negateY(P)
  storePoint(r, P)
}
