import { AFFINE_SCRATCH_END } from './affine'
import { Secp256k1 } from '../field/curve'
import { copy, extract, insert, Pair, set, Single, size } from '../field/lanes'
import { invert, multiply, square, subtract } from '../field/prime'
import { subtractOnceTwiceCarried, subtractTwiceCarried, threeHalves } from './field'
import { addComplete } from './point'
import { subtractPairs } from './quad'

type C = Secp256k1

// Affine additions of many points that share one inversion (Montgomery's trick). Each takes 5M + 1S, instead of the 8M + 3S
// of a Jacobian addition. All points are Pairs, so two additions are computed at once.
//
// The way up multiplies all differences x2 − x1. Then their product is inverted. The way down, in reverse order, derives the
// inverse of each difference. No difference may be zero: all results would be wrong.

const PRODUCT: usize = AFFINE_SCRATCH_END
const SLOPE: usize = PRODUCT + 80
const X3: usize = SLOPE + 80
const T: usize = X3 + 80
/** Two Jacobian points or elements, Single. */
const FIRST: usize = T + 80
const SECOND: usize = FIRST + 3 * 48

/** From here on, the slots of POINT_SCRATCH are free for the callers of this file. */
export const INVERSION_SCRATCH_END: usize = SECOND + 3 * 48

export function startProduct(): void {
  set<Pair>(PRODUCT, 1)
}

/** On the way up: writes the product of the previous differences to `prefix`, and multiplies it by a difference. */
export function include(difference: usize, prefix: usize): void {
  copy<Pair>(prefix, PRODUCT)
  multiply<C, Pair>(PRODUCT, PRODUCT, difference)
}

/** Inverts both lanes of the product. */
export function invertProduct(): void {
  const a = FIRST
  const b = FIRST + 48
  const ab = FIRST + 96
  extract(a, PRODUCT, 0)
  extract(b, PRODUCT, 1)
  multiply<C, Single>(ab, a, b)
  invert<C>(ab, ab)
  multiply<C, Single>(b, b, ab)
  multiply<C, Single>(a, a, ab)
  insert(PRODUCT, b, 0)
  insert(PRODUCT, a, 1)
}

/** SLOPE = the inverse of a difference. Removes the difference from the product. */
@inline
function takeInverse(difference: usize, prefix: usize): void {
  multiply<C, Pair>(SLOPE, PRODUCT, prefix)
  multiply<C, Pair>(PRODUCT, PRODUCT, difference)
}

/** r = (X3, λ·(x1 − X3) − y1) for p = (x1, y1) */
@inline
function finishLine(r: usize, p: usize): void {
  subtract<C, Pair>(T, p, X3)
  multiply<C, Pair>(SLOPE, SLOPE, T)
  subtractPairs(r + size<Pair>(), SLOPE, p + size<Pair>())
  copy<Pair>(r, X3)
}

/**
 * On the way down: r = p + q for affine points. r may be p.
 *
 * @param difference x2 − x1
 * @param y2 the y of q
 */
export function addOnWayDown(r: usize, p: usize, difference: usize, y2: usize, prefix: usize): void {
  takeInverse(difference, prefix)
  subtract<C, Pair>(T, y2, p + size<Pair>())
  multiply<C, Pair>(SLOPE, SLOPE, T)
  square<C, Pair>(T, SLOPE)
  // λ² − x1 − x2
  subtractOnceTwiceCarried<Pair>(X3, T, difference, p)
  finishLine(r, p)
}

/** On the way down: r = 2p for an affine point, whose y was given to {@link include}. */
export function doubleOnWayDown(r: usize, p: usize, prefix: usize): void {
  takeInverse(p + size<Pair>(), prefix)
  square<C, Pair>(T, p)
  threeHalves<Pair>(T, T)
  multiply<C, Pair>(SLOPE, SLOPE, T)
  square<C, Pair>(T, SLOPE)
  // λ² − 2·x1
  subtractTwiceCarried<Pair>(X3, T, p)
  finishLine(r, p)
}

/** r = the sum (Jacobian, Single) of the affine points in the lanes of p. */
export function joinLanes(r: usize, p: usize): void {
  for (let c: usize = 0; c < 2; c++) {
    extract(FIRST + c * size<Single>(), p + c * size<Pair>(), 0)
    extract(SECOND + c * size<Single>(), p + c * size<Pair>(), 1)
  }
  set<Single>(FIRST + 2 * size<Single>(), 1)
  set<Single>(SECOND + 2 * size<Single>(), 1)
  addComplete<Single>(FIRST, SECOND)
  memory.copy(r, FIRST, 3 * size<Single>())
}
