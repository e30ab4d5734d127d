import { Ed25519 } from '../field/curve'
import { copy, isPair, Single } from '../field/lanes'
import {
  carried,
  CURVE_FIELD_SCRATCH,
  difference,
  multiply,
  normalize,
  square,
  squareTimes,
  squareTimesMultiply,
  subtract,
} from '../field/prime'
import { isEqual } from '../field/limbs'
import { SQRT_MINUS_ONE } from './constants.gen'

type C = Ed25519

// What the formulas of ed25519 need beyond field/prime.ts.

@inline
function loadSum(a: usize, b: usize, i: usize): v128 {
  return i32x4.add(v128.load(a + i), v128.load(b + i))
}

/** r = a + b */
export function addCarried<L>(r: usize, a: usize, b: usize): void {
  const x3 = isPair<L>() ? loadSum(a, b, 48) : i64x2.splat(0)
  const x4 = isPair<L>() ? loadSum(a, b, 64) : i64x2.splat(0)
  carried<C, L>(r, loadSum(a, b, 0), loadSum(a, b, 16), loadSum(a, b, 32), x3, x4)
}


@inline
function loadTwiceLess<L>(a: usize, b: usize, i: usize): v128 {
  return difference<C, L>(i32x4.shl(v128.load(a + i), 1), b, i)
}

/** r = 2a − b for a carried b. */
export function twiceSubtractCarried<L>(r: usize, a: usize, b: usize): void {
  const x3 = isPair<L>() ? loadTwiceLess<L>(a, b, 48) : i64x2.splat(0)
  const x4 = isPair<L>() ? loadTwiceLess<L>(a, b, 64) : i64x2.splat(0)
  const x0 = loadTwiceLess<L>(a, b, 0)
  const x1 = loadTwiceLess<L>(a, b, 16)
  const x2 = loadTwiceLess<L>(a, b, 32)
  carried<C, L>(r, x0, x1, x2, x3, x4)
}


@inline
function loadTwiceSum(a: usize, b: usize, i: usize): v128 {
  return i32x4.add(i32x4.shl(v128.load(a + i), 1), v128.load(b + i))
}

/** r = 2a + b, not carried. */
export function twiceAdd<L>(r: usize, a: usize, b: usize): void {
  v128.store(r, loadTwiceSum(a, b, 0))
  v128.store(r, loadTwiceSum(a, b, 16), 16)
  v128.store(r, loadTwiceSum(a, b, 32), 32)
  if (isPair<L>()) {
    v128.store(r, loadTwiceSum(a, b, 48), 48)
    v128.store(r, loadTwiceSum(a, b, 64), 64)
  }
}

/** r = a^((p−5)/8), whose exponent in binary is 250 ones and 01; xN stands for a to the power of N ones. */
function powerOfRoot(r: usize, a: usize): void {
  const x1 = CURVE_FIELD_SCRATCH
  const x5 = x1 + 48
  const x10 = x1 + 2 * 48
  const x50 = x1 + 3 * 48
  const t = x1 + 4 * 48
  copy<Single>(x1, a)
  squareTimesMultiply<C>(t, x1, 1, x1)
  copy<Single>(x5, t)
  squareTimesMultiply<C>(t, t, 2, x5)
  squareTimesMultiply<C>(x5, t, 1, x1)
  squareTimesMultiply<C>(x10, x5, 5, x5)
  squareTimesMultiply<C>(x50, x10, 10, x10)
  copy<Single>(t, x50)
  squareTimesMultiply<C>(t, t, 20, x50)
  squareTimesMultiply<C>(x50, t, 10, x10)
  squareTimesMultiply<C>(t, x50, 50, x50)
  copy<Single>(x10, t)
  squareTimesMultiply<C>(t, t, 100, x10)
  squareTimesMultiply<C>(t, t, 50, x50)
  squareTimes<C>(t, t, 2)
  multiply<C, Single>(r, t, x1)
}

/** r = √(u/v) for public carried Singles (RFC 8032 §5.1.3); false if there is no root. */
export function squareRootOfRatioVar(r: usize, u: usize, v: usize): bool {
  const v3 = CURVE_FIELD_SCRATCH + 5 * 48
  const check = CURVE_FIELD_SCRATCH + 6 * 48
  const negated = CURVE_FIELD_SCRATCH + 7 * 48
  square<C, Single>(v3, v)
  multiply<C, Single>(v3, v3, v)
  square<C, Single>(check, v3)
  multiply<C, Single>(check, check, v)
  multiply<C, Single>(check, check, u)
  powerOfRoot(check, check)
  multiply<C, Single>(v3, v3, u)
  multiply<C, Single>(r, v3, check)

  square<C, Single>(check, r)
  multiply<C, Single>(check, check, v)
  normalize<C>(check, check)
  normalize<C>(v3, u)
  if (isEqual(check, v3)) return true
  memory.fill(negated, 0, 48)
  subtract<C, Single>(negated, negated, u)
  normalize<C>(negated, negated)
  if (!isEqual(check, negated)) return false
  multiply<C, Single>(r, r, SQRT_MINUS_ONE)
  return true
}
