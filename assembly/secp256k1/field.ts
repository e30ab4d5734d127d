import { FIELD_SCRATCH } from '../memory'
import { copy, extract, isPair, Single, spread, storeCarried } from '../field/lanes'
import { isZero, normalizePseudoMersenne, pack, unpack } from '../field/limbs'
import { invertBytes } from '../field/safegcd'
import { multiplyPair, multiplySingle, squarePair, squareSingle } from '../field/secp256k1.gen'
import {
  FIELD_30,
  MODULUS,
  MODULUS_PAIR,
  SUBTRAHEND_1,
  SUBTRAHEND_1_PAIR,
  SUBTRAHEND_2,
  SUBTRAHEND_2_PAIR,
} from './constants.gen'

// The field modulo p = 2^256 − 2^32 − 977. Layouts and bounds: field/lanes.ts; bounds of results, in units of 2^29, are
// written where they are not "carried". Every function allows its result to be one of its inputs.

const TOP_BITS: i32 = 24
const FOLD_0: u64 = 977
const FOLD_1: u64 = 8

const T: usize = FIELD_SCRATCH
const BYTES: usize = FIELD_SCRATCH + 9 * 48

@inline
export function multiply<L>(r: usize, a: usize, b: usize): void {
  if (isPair<L>()) multiplyPair(r, a, b)
  else multiplySingle(r, a, b)
}

@inline
export function square<L>(r: usize, a: usize): void {
  if (isPair<L>()) squarePair(r, a)
  else squareSingle(r, a)
}

/** One vector of a multiple of p that keeps a − b positive for a carried b. */
@inline
function subtrahend1<L>(i: usize): v128 {
  return v128.load((isPair<L>() ? SUBTRAHEND_1_PAIR : SUBTRAHEND_1) + i)
}

/** The same for a − 2b. */
@inline
function subtrahend2<L>(i: usize): v128 {
  return v128.load((isPair<L>() ? SUBTRAHEND_2_PAIR : SUBTRAHEND_2) + i)
}

@inline
function modulus<L>(i: usize): v128 {
  return v128.load((isPair<L>() ? MODULUS_PAIR : MODULUS) + i)
}

@inline
function carried<L>(r: usize, x0: v128, x1: v128, x2: v128, x3: v128, x4: v128): void {
  storeCarried<L>(r, x0, x1, x2, x3, x4, TOP_BITS, isPair<L>() ? i32x4(977, 977, 8, 8) : i32x4(977, 8, 0, 0))
}

@inline
function difference<L>(a: usize, b: usize, i: usize): v128 {
  return i32x4.add(v128.load(a + i), i32x4.sub(subtrahend1<L>(i), v128.load(b + i)))
}

@inline
function lessTwice<L>(a: v128, b: usize, i: usize): v128 {
  return i32x4.add(a, i32x4.sub(subtrahend2<L>(i), i32x4.shl(v128.load(b + i), 1)))
}

/** r = a − b for a carried b; the bound grows by 2. */
@inline
export function subtract<L>(r: usize, a: usize, b: usize): void {
  v128.store(r, difference<L>(a, b, 0))
  v128.store(r, difference<L>(a, b, 16), 16)
  v128.store(r, difference<L>(a, b, 32), 32)
  if (isPair<L>()) {
    v128.store(r, difference<L>(a, b, 48), 48)
    v128.store(r, difference<L>(a, b, 64), 64)
  }
}

/** r = a − b for a carried b. */
@inline
export function subtractCarried<L>(r: usize, a: usize, b: usize): void {
  const none = i64x2.splat(0)
  const x3 = isPair<L>() ? difference<L>(a, b, 48) : none
  const x4 = isPair<L>() ? difference<L>(a, b, 64) : none
  carried<L>(r, difference<L>(a, b, 0), difference<L>(a, b, 16), difference<L>(a, b, 32), x3, x4)
}

@inline
function twiceLess<L>(a: usize, b: usize, i: usize): v128 {
  return lessTwice<L>(v128.load(a + i), b, i)
}

/** r = a − 2b for a carried b. */
@inline
export function subtractTwiceCarried<L>(r: usize, a: usize, b: usize): void {
  const none = i64x2.splat(0)
  const x3 = isPair<L>() ? twiceLess<L>(a, b, 48) : none
  const x4 = isPair<L>() ? twiceLess<L>(a, b, 64) : none
  carried<L>(r, twiceLess<L>(a, b, 0), twiceLess<L>(a, b, 16), twiceLess<L>(a, b, 32), x3, x4)
}

@inline
function onceTwiceLess<L>(a: usize, b: usize, c: usize, i: usize): v128 {
  return lessTwice<L>(difference<L>(a, b, i), c, i)
}

/** r = a − b − 2c for carried b and c. */
@inline
export function subtractOnceTwiceCarried<L>(r: usize, a: usize, b: usize, c: usize): void {
  const none = i64x2.splat(0)
  const x3 = isPair<L>() ? onceTwiceLess<L>(a, b, c, 48) : none
  const x4 = isPair<L>() ? onceTwiceLess<L>(a, b, c, 64) : none
  const x0 = onceTwiceLess<L>(a, b, c, 0)
  const x1 = onceTwiceLess<L>(a, b, c, 16)
  const x2 = onceTwiceLess<L>(a, b, c, 32)
  carried<L>(r, x0, x1, x2, x3, x4)
}

@inline
function negatedWhere<L>(a: usize, mask: v128, i: usize): v128 {
  const x = v128.load(a + i)
  return v128.bitselect(i32x4.sub(subtrahend1<L>(i), x), x, mask)
}

/** r = mask ? −a : a, for a carried a. */
@inline
export function conditionalNegateCarried<L>(r: usize, a: usize, mask: v128): void {
  const none = i64x2.splat(0)
  const x3 = isPair<L>() ? negatedWhere<L>(a, mask, 48) : none
  const x4 = isPair<L>() ? negatedWhere<L>(a, mask, 64) : none
  carried<L>(r, negatedWhere<L>(a, mask, 0), negatedWhere<L>(a, mask, 16), negatedWhere<L>(a, mask, 32), x3, x4)
}

/** 3a, plus p where that makes it even; `odd` is all ones in the lanes where 3a is odd. */
@inline
function evenTriple<L>(a: usize, odd: v128, i: usize): v128 {
  const x = v128.load(a + i)
  return i32x4.add(i32x4.add(i32x4.shl(x, 1), x), v128.and(odd, modulus<L>(i)))
}

/** The low bits of `upper`'s and `lower`'s limbs, each moved down to the top of the limb before. */
@inline
function borrowedBits<L>(lower: v128, upper: v128): v128 {
  const low = i32x4.shl(v128.and(lower, i32x4.splat(1)), 28)
  const high = i32x4.shl(v128.and(upper, i32x4.splat(1)), 28)
  return isPair<L>() ? v128.shuffle<u32>(low, high, 2, 3, 4, 5) : v128.shuffle<u32>(low, high, 1, 2, 3, 4)
}

@inline
function halved<L>(lower: v128, upper: v128): v128 {
  return i32x4.add(i32x4.shr_u(lower, 1), borrowedBits<L>(lower, upper))
}

/** r = 3a/2 for a carried a; bound 2.51. */
@inline
export function threeHalves<L>(r: usize, a: usize): void {
  // 3a is odd just when a is.
  const parity = i32x4.neg(v128.and(v128.load(a), i32x4.splat(1)))
  const odd = isPair<L>() ? v128.shuffle<u32>(parity, parity, 0, 1, 0, 1) : v128.shuffle<u32>(parity, parity, 0, 0, 0, 0)
  const none = i64x2.splat(0)
  const x0 = evenTriple<L>(a, odd, 0)
  const x1 = evenTriple<L>(a, odd, 16)
  const x2 = evenTriple<L>(a, odd, 32)
  v128.store(r, halved<L>(x0, x1))
  v128.store(r, halved<L>(x1, x2), 16)
  if (isPair<L>()) {
    const x3 = evenTriple<L>(a, odd, 48)
    const x4 = evenTriple<L>(a, odd, 64)
    v128.store(r, halved<L>(x2, x3), 32)
    v128.store(r, halved<L>(x3, x4), 48)
    v128.store(r, halved<L>(x4, none), 64)
  } else v128.store(r, halved<L>(x2, none), 32)
}

/** r = the canonical limbs of a Single. */
export function normalize(r: usize, a: usize): void {
  normalizePseudoMersenne(r, a, TOP_BITS, FOLD_0, FOLD_1)
}

/** All ones in the lanes where a ≡ 0. */
export function zeroMask<L>(a: usize): v128 {
  if (!isPair<L>()) {
    normalize(T, a)
    return i32x4.splat(isZero(T))
  }
  extract(T, a, 0)
  normalize(T, T)
  const first = isZero(T)
  extract(T, a, 1)
  normalize(T, T)
  return spread<L>(first, isZero(T))
}

/** r = 1/a for a Single, or 0 for 0. */
export function invert(r: usize, a: usize): void {
  normalize(T, a)
  pack(BYTES, T)
  invertBytes(BYTES, FIELD_30)
  unpack(r, BYTES)
}

/** r = a^(2^n) for a Single. */
function squareTimes(r: usize, a: usize, n: i32): void {
  squareSingle(r, a)
  for (let i = 1; i < n; i++) squareSingle(r, r)
}

/** r = a^(2^n)·b */
@inline
function squareTimesMultiply(r: usize, a: usize, n: i32, b: usize): void {
  squareTimes(r, a, n)
  multiplySingle(r, r, b)
}

/**
 * r = a^((p+1)/4), a square root of a Single if it has one. The exponent in binary is 223 ones, 0, 22 ones, 0000, 11,
 * 00; xN stands for a to the power of N ones.
 */
export function squareRoot(r: usize, a: usize): void {
  const x1 = T + 8 * 48
  const x2 = T
  const x3 = T + 48
  const x6 = T + 2 * 48
  const x11 = T + 3 * 48
  const x22 = T + 4 * 48
  const x44 = T + 5 * 48
  const x88 = T + 6 * 48
  const t = T + 7 * 48
  copy<Single>(x1, a)
  squareTimesMultiply(x2, x1, 1, x1)
  squareTimesMultiply(x3, x2, 1, x1)
  squareTimesMultiply(x6, x3, 3, x3)
  squareTimesMultiply(t, x6, 3, x3)
  squareTimesMultiply(x11, t, 2, x2)
  squareTimesMultiply(x22, x11, 11, x11)
  squareTimesMultiply(x44, x22, 22, x22)
  squareTimesMultiply(x88, x44, 44, x44)
  squareTimesMultiply(t, x88, 88, x88)
  squareTimesMultiply(t, t, 44, x44)
  squareTimesMultiply(t, t, 3, x3)
  squareTimesMultiply(t, t, 23, x22)
  squareTimesMultiply(t, t, 6, x2)
  squareTimes(r, t, 2)
}
