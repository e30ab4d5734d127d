import { FORMULA_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { add, isPair, set, size } from '../field/lanes'
import { addCarried, conditionalNegateCarried, multiply, square, subtract, subtractCarried } from '../field/prime'
import { D2, D2_PAIR } from './constants.gen'
import { twiceAdd, twiceSubtractCarried } from './field'

type C = Ed25519

// Points of −x² + y² = 1 + d·x²·y² in extended coordinates (x = X/Z, y = Y/Z, T = XY/Z), in the order X, Y, Z, T, carried.
// −1 is a square and d is not, so the formulas are complete (Hisil–Wong–Carter–Dawson, eprint 2008/522).
//
// A cached point is Y − X, Y + X, 2d·T, 2Z. An affine cached point has Z = 1 and leaves out 2Z.

/** Bytes of an extended or a cached point. */
@inline
export function pointSize<L>(): usize {
  return 4 * size<L>()
}


@inline
function temporary<L>(i: usize): usize {
  return FORMULA_SCRATCH + i * size<L>()
}

/** p = identity */
export function setIdentity<L>(p: usize): void {
  set<L>(p, 0)
  set<L>(p + size<L>(), 1)
  set<L>(p + 2 * size<L>(), 1)
  set<L>(p + 3 * size<L>(), 0)
}

/** X, Y, Z = E·F, G·H, F·G from the temporaries 0…3; {@link finishT} adds T = E·H. */
@inline
function finish<L>(p: usize): void {
  multiply<C, L>(p, temporary<L>(0), temporary<L>(1))
  multiply<C, L>(p + size<L>(), temporary<L>(2), temporary<L>(3))
  multiply<C, L>(p + 2 * size<L>(), temporary<L>(1), temporary<L>(2))
}


@inline
function finishT<L>(p: usize): void {
  multiply<C, L>(p + 3 * size<L>(), temporary<L>(0), temporary<L>(3))
}

/** p = 2p without T. Enough if another doubling follows. */
export function doubleProjective<L>(p: usize): void {
  const x = p
  const y = p + size<L>()
  const z = p + 2 * size<L>()
  const e = temporary<L>(0)
  const f = temporary<L>(1)
  const g = temporary<L>(2)
  const h = temporary<L>(3)
  const a = temporary<L>(4)
  const b = temporary<L>(5)
  add<L>(e, x, y)
  square<C, L>(e, e)
  square<C, L>(a, x)
  square<C, L>(b, y)
  square<C, L>(f, z)
  add<L>(h, a, b)
  subtractCarried<C, L>(e, h, e)
  subtractCarried<C, L>(g, a, b)
  twiceAdd<L>(f, f, g)
  finish<L>(p)
}

/** p = 2p */
export function double<L>(p: usize): void {
  doubleProjective<L>(p)
  finishT<L>(p)
}

/** Computes A and B of an addition, and from them E = B − A and H = B + A. */
@inline
function startAddition<L>(p: usize, cached: usize): void {
  const a = temporary<L>(4)
  const b = temporary<L>(5)
  subtract<C, L>(a, p + size<L>(), p)
  add<L>(b, p + size<L>(), p)
  multiply<C, L>(a, a, cached)
  multiply<C, L>(b, b, cached + size<L>())
  subtract<C, L>(temporary<L>(0), b, a)
  add<L>(temporary<L>(3), b, a)
  multiply<C, L>(temporary<L>(4), p + 3 * size<L>(), cached + 2 * size<L>())
}

/** p = p + q for an affine cached q. */
export function addAffine<L>(p: usize, q: usize): void {
  startAddition<L>(p, q)
  const z = p + 2 * size<L>()
  const c = temporary<L>(4)
  twiceSubtractCarried<L>(temporary<L>(1), z, c)
  twiceAdd<L>(temporary<L>(2), z, c)
  finish<L>(p)
  finishT<L>(p)
}

/** p = p + q for a cached q, without T. */
export function addCachedProjective<L>(p: usize, q: usize): void {
  startAddition<L>(p, q)
  const c = temporary<L>(4)
  const d = temporary<L>(5)
  multiply<C, L>(d, p + 2 * size<L>(), q + 3 * size<L>())
  subtractCarried<C, L>(temporary<L>(1), d, c)
  add<L>(temporary<L>(2), d, c)
  finish<L>(p)
}

/** p = p + q for a cached q. */
export function addCached<L>(p: usize, q: usize): void {
  addCachedProjective<L>(p, q)
  finishT<L>(p)
}

/** The affine cached form of a point whose Z is 1. */
export function toAffineCached<L>(cached: usize, p: usize): void {
  subtractCarried<C, L>(cached, p + size<L>(), p)
  addCarried<C, L>(cached + size<L>(), p + size<L>(), p)
  multiply<C, L>(cached + 2 * size<L>(), p + 3 * size<L>(), isPair<L>() ? D2_PAIR : D2)
}

export function toCached<L>(cached: usize, p: usize): void {
  const z = p + 2 * size<L>()
  toAffineCached<L>(cached, p)
  addCarried<C, L>(cached + 3 * size<L>(), z, z)
}


@inline
function swapWhere(a: usize, b: usize, mask: v128, i: usize): void {
  const x = v128.load(a + i)
  const y = v128.load(b + i)
  v128.store(a + i, v128.bitselect(y, x, mask))
  v128.store(b + i, v128.bitselect(x, y, mask))
}

/** cached = mask ? −cached : cached, affine or not: swaps Y − X and Y + X, negates T. */
export function conditionalNegate<L>(cached: usize, mask: v128): void {
  const sum = cached + size<L>()
  const t = sum + size<L>()
  swapWhere(cached, sum, mask, 0)
  swapWhere(cached, sum, mask, 16)
  swapWhere(cached, sum, mask, 32)
  if (isPair<L>()) {
    swapWhere(cached, sum, mask, 48)
    swapWhere(cached, sum, mask, 64)
  }
  conditionalNegateCarried<C, L>(t, t, mask)
}
