import { Secp256k1 } from '../field/curve'
import { copy, isPair, size } from '../field/lanes'
import { carried, CURVE_FIELD_SCRATCH, difference, squareTimes, squareTimesMultiply } from '../field/prime'
import { MODULUS, MODULUS_PAIR, SUBTRAHEND_2, SUBTRAHEND_2_PAIR } from './constants.gen'

// Field operations that only secp256k1 needs, beyond those of field/prime.ts.

@inline
function lessTwice<L>(a: v128, b: usize, i: usize): v128 {
  const multiple = v128.load((isPair<L>() ? SUBTRAHEND_2_PAIR : SUBTRAHEND_2) + i)
  return i32x4.add(a, i32x4.sub(multiple, i32x4.shl(v128.load(b + i), 1)))
}


@inline
function loadLessTwice<L>(a: usize, b: usize, i: usize): v128 {
  return lessTwice<L>(v128.load(a + i), b, i)
}

/** r = a − 2b for a carried b. */
export function subtractTwiceCarried<L>(r: usize, a: usize, b: usize): void {
  const x3 = isPair<L>() ? loadLessTwice<L>(a, b, 48) : i64x2.splat(0)
  const x4 = isPair<L>() ? loadLessTwice<L>(a, b, 64) : i64x2.splat(0)
  const x0 = loadLessTwice<L>(a, b, 0)
  const x1 = loadLessTwice<L>(a, b, 16)
  const x2 = loadLessTwice<L>(a, b, 32)
  carried<Secp256k1, L>(r, x0, x1, x2, x3, x4)
}


@inline
function lessOnceTwice<L>(a: usize, b: usize, c: usize, i: usize): v128 {
  return lessTwice<L>(difference<Secp256k1, L>(v128.load(a + i), b, i), c, i)
}

/** r = a − b − 2c for carried b and c. */
export function subtractOnceTwiceCarried<L>(r: usize, a: usize, b: usize, c: usize): void {
  const x3 = isPair<L>() ? lessOnceTwice<L>(a, b, c, 48) : i64x2.splat(0)
  const x4 = isPair<L>() ? lessOnceTwice<L>(a, b, c, 64) : i64x2.splat(0)
  const x0 = lessOnceTwice<L>(a, b, c, 0)
  const x1 = lessOnceTwice<L>(a, b, c, 16)
  const x2 = lessOnceTwice<L>(a, b, c, 32)
  carried<Secp256k1, L>(r, x0, x1, x2, x3, x4)
}

/** 3a, or 3a + p if `odd` is all ones. */
@inline
function evenTriple<L>(a: usize, odd: v128, i: usize): v128 {
  const x = v128.load(a + i)
  const modulus = v128.load((isPair<L>() ? MODULUS_PAIR : MODULUS) + i)
  return i32x4.add(i32x4.add(i32x4.shl(x, 1), x), v128.and(odd, modulus))
}

/** Half of a vector of limbs. The low bit of each limb becomes the top bit of the limb below. */
@inline
function halved<L>(lower: v128, upper: v128): v128 {
  const low = i32x4.shl(v128.and(lower, i32x4.splat(1)), 28)
  const high = i32x4.shl(v128.and(upper, i32x4.splat(1)), 28)
  const moved = isPair<L>() ? v128.shuffle<u32>(low, high, 2, 3, 4, 5) : v128.shuffle<u32>(low, high, 1, 2, 3, 4)
  return i32x4.add(i32x4.shr_u(lower, 1), moved)
}

/** r = 3a/2 for a carried a. Bound: 2.51. */
export function threeHalves<L>(r: usize, a: usize): void {
  // 3a is odd if and only if a is odd.
  const parity = i32x4.neg(v128.and(v128.load(a), i32x4.splat(1)))
  const odd = isPair<L>()
    ? v128.shuffle<u32>(parity, parity, 0, 1, 0, 1)
    : v128.shuffle<u32>(parity, parity, 0, 0, 0, 0)
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
    v128.store(r, i32x4.shr_u(x4, 1), 64)
  } else v128.store(r, i32x4.shr_u(x2, 1), 32)
}

/**
 * r = a^((p+1)/4), a square root of a if there is one. The exponent in binary is 223 ones, 0, 22 ones, 0000, 11, 00. The
 * variable xN is a to the power of N ones.
 */
export function squareRoot<L>(r: usize, a: usize): void {
  const x1 = CURVE_FIELD_SCRATCH
  const x2 = x1 + size<L>()
  const x3 = x1 + 2 * size<L>()
  const x6 = x1 + 3 * size<L>()
  const x11 = x1 + 4 * size<L>()
  const x22 = x1 + 5 * size<L>()
  const x44 = x1 + 6 * size<L>()
  const x88 = x1 + 7 * size<L>()
  const t = x1 + 8 * size<L>()
  copy<L>(x1, a)
  squareTimesMultiply<Secp256k1, L>(x2, x1, 1, x1)
  squareTimesMultiply<Secp256k1, L>(x3, x2, 1, x1)
  squareTimesMultiply<Secp256k1, L>(x6, x3, 3, x3)
  squareTimesMultiply<Secp256k1, L>(t, x6, 3, x3)
  squareTimesMultiply<Secp256k1, L>(x11, t, 2, x2)
  squareTimesMultiply<Secp256k1, L>(x22, x11, 11, x11)
  squareTimesMultiply<Secp256k1, L>(x44, x22, 22, x22)
  squareTimesMultiply<Secp256k1, L>(x88, x44, 44, x44)
  squareTimesMultiply<Secp256k1, L>(t, x88, 88, x88)
  squareTimesMultiply<Secp256k1, L>(t, t, 44, x44)
  squareTimesMultiply<Secp256k1, L>(t, t, 3, x3)
  squareTimesMultiply<Secp256k1, L>(t, t, 23, x22)
  squareTimesMultiply<Secp256k1, L>(t, t, 6, x2)
  squareTimes<Secp256k1, L>(r, t, 2)
}
