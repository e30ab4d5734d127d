import { Ed25519 } from '../field/curve'
import { copy, isPair, laneCount, loadLane, set, Single, size, storeLane } from '../field/lanes'
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

// Field operations that only ed25519 needs, beyond those of field/prime.ts.

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

/** r = a^((p−5)/8). The exponent in binary is 250 ones and 01. The variable xN is a to the power of N ones. */
function powerOfRoot<L>(r: usize, a: usize): void {
  const x1 = CURVE_FIELD_SCRATCH
  const x5 = x1 + size<L>()
  const x10 = x1 + 2 * size<L>()
  const x50 = x1 + 3 * size<L>()
  const t = x1 + 4 * size<L>()
  copy<L>(x1, a)
  squareTimesMultiply<C, L>(t, x1, 1, x1)
  copy<L>(x5, t)
  squareTimesMultiply<C, L>(t, t, 2, x5)
  squareTimesMultiply<C, L>(x5, t, 1, x1)
  squareTimesMultiply<C, L>(x10, x5, 5, x5)
  squareTimesMultiply<C, L>(x50, x10, 10, x10)
  copy<L>(t, x50)
  squareTimesMultiply<C, L>(t, t, 20, x50)
  squareTimesMultiply<C, L>(x50, t, 10, x10)
  squareTimesMultiply<C, L>(t, x50, 50, x50)
  copy<L>(x10, t)
  squareTimesMultiply<C, L>(t, t, 100, x10)
  squareTimesMultiply<C, L>(t, t, 50, x50)
  squareTimes<C, L>(t, t, 2)
  multiply<C, L>(r, t, x1)
}

/** r = √(u/v) for public carried u and v (RFC 8032 §5.1.3). False if a lane has no root. */
export function squareRootOfRatioVar<L>(r: usize, u: usize, v: usize): bool {
  const v3 = CURVE_FIELD_SCRATCH + 5 * size<L>()
  const check = CURVE_FIELD_SCRATCH + 6 * size<L>()
  square<C, L>(v3, v)
  multiply<C, L>(v3, v3, v)
  square<C, L>(check, v3)
  multiply<C, L>(check, check, v)
  multiply<C, L>(check, check, u)
  powerOfRoot<L>(check, check)
  multiply<C, L>(v3, v3, u)
  multiply<C, L>(r, v3, check)
  square<C, L>(check, r)
  multiply<C, L>(check, check, v)
  for (let lane: usize = 0; lane < laneCount<L>(); lane++) {
    if (!correctRootVar<L>(r, check, u, lane)) return false
  }
  return true
}

/** Turns the candidate r of a lane into √(u/v) if r² = ±u/v, where check = r²·v. False if it is neither. */
function correctRootVar<L>(r: usize, check: usize, u: usize, lane: usize): bool {
  const wanted = CURVE_FIELD_SCRATCH
  const square = CURVE_FIELD_SCRATCH + 48
  const other = CURVE_FIELD_SCRATCH + 2 * 48
  loadLane<L>(square, check, lane)
  normalize<C>(square, square)
  loadLane<L>(wanted, u, lane)
  set<Single>(other, 0)
  subtract<C, Single>(other, other, wanted)
  normalize<C>(wanted, wanted)
  if (isEqual(square, wanted)) return true
  normalize<C>(other, other)
  if (!isEqual(square, other)) return false
  loadLane<L>(other, r, lane)
  multiply<C, Single>(other, other, SQRT_MINUS_ONE)
  storeLane<L>(r, other, lane)
  return true
}

/** Whether each lane of a public carried a is a fourth power other than zero: a^((p−1)/4) = 1. */
export function isFourthPowerVar<L>(a: usize): bool {
  const power = CURVE_FIELD_SCRATCH + 5 * size<L>()
  const one = CURVE_FIELD_SCRATCH
  const own = CURVE_FIELD_SCRATCH + 48
  powerOfRoot<L>(power, a)
  square<C, L>(power, power)
  multiply<C, L>(power, power, a)
  set<Single>(one, 1)
  for (let lane: usize = 0; lane < laneCount<L>(); lane++) {
    loadLane<L>(own, power, lane)
    normalize<C>(own, own)
    if (!isEqual(own, one)) return false
  }
  return true
}
