import { FIELD_SCRATCH } from '../memory'
import * as ed25519 from '../ed25519/constants.gen'
import * as secp256k1 from '../secp256k1/constants.gen'
import { isSecp256k1 } from './curve'
import * as ed25519Products from './ed25519.gen'
import { conditionalCopy, copy, extract, isPair, set, Single, spread, storeCarried } from './lanes'
import { isZero, normalizePseudoMersenne, pack, unpack } from './limbs'
import { invertBytes } from './safegcd'
import * as secp256k1Products from './secp256k1.gen'

// Arithmetic modulo the field prime of a curve C, 2^256 − 2^32 − 977 or 2^255 − 19, in a layout L. lanes.ts describes
// layouts and bounds. A result is carried unless its bound is given, in units of 2^29. A result may overwrite an input.
//
// Callers are not inlined into the point formulas. That would save 2 % of their time, and make the module a third larger.

const T: usize = FIELD_SCRATCH
const BYTES: usize = FIELD_SCRATCH + 48
const PRODUCT: usize = FIELD_SCRATCH + 2 * 48
const INVERSE: usize = FIELD_SCRATCH + 3 * 48
const ONE: usize = FIELD_SCRATCH + 4 * 48
/** From here on, the slots of {@link FIELD_SCRATCH} belong to the files of the curves. */
export const CURVE_FIELD_SCRATCH: usize = FIELD_SCRATCH + 5 * 48


@inline
export function multiply<C, L>(r: usize, a: usize, b: usize): void {
  if (isSecp256k1<C>()) {
    if (isPair<L>()) secp256k1Products.multiplyPair(r, a, b)
    else secp256k1Products.multiplySingle(r, a, b)
  } else if (isPair<L>()) ed25519Products.multiplyPair(r, a, b)
  else ed25519Products.multiplySingle(r, a, b)
}


@inline
export function square<C, L>(r: usize, a: usize): void {
  if (isSecp256k1<C>()) {
    if (isPair<L>()) secp256k1Products.squarePair(r, a)
    else secp256k1Products.squareSingle(r, a)
  } else if (isPair<L>()) ed25519Products.squarePair(r, a)
  else ed25519Products.squareSingle(r, a)
}

/** r = a^(2^n), n ≥ 1 */
export function squareTimes<C, L>(r: usize, a: usize, n: i32): void {
  square<C, L>(r, a)
  for (let i = 1; i < n; i++) square<C, L>(r, r)
}

/** r = a^(2^n)·b. b must not be r. */
export function squareTimesMultiply<C, L>(r: usize, a: usize, n: i32, b: usize): void {
  squareTimes<C, L>(r, a, n)
  multiply<C, L>(r, r, b)
}

/** Bits of the top limb. */
@inline
function topBits<C>(): i32 {
  return isSecp256k1<C>() ? 24 : 23
}

/** Carries and stores the limbs in x0…x4. A Single does not use x3 and x4. */
@inline
export function carried<C, L>(r: usize, x0: v128, x1: v128, x2: v128, x3: v128, x4: v128): void {
  if (isSecp256k1<C>())
    storeCarried<L>(r, x0, x1, x2, x3, x4, 24, isPair<L>() ? i32x4(977, 977, 8, 8) : i32x4(977, 8, 0, 0))
  else storeCarried<L>(r, x0, x1, x2, x3, x4, 23, isPair<L>() ? i32x4(19, 19, 0, 0) : i32x4(19, 0, 0, 0))
}

/** A vector of the limbs of a multiple of p, with which a − b stays positive for a carried b. */
@inline
export function subtrahend<C, L>(i: usize): v128 {
  if (isSecp256k1<C>()) return v128.load((isPair<L>() ? secp256k1.SUBTRAHEND_1_PAIR : secp256k1.SUBTRAHEND_1) + i)
  return v128.load((isPair<L>() ? ed25519.SUBTRAHEND_1_PAIR : ed25519.SUBTRAHEND_1) + i)
}

/** A vector of limbs of a − b for a carried b. Bound: that of a, plus 2. */
@inline
export function difference<C, L>(a: v128, b: usize, i: usize): v128 {
  return i32x4.add(a, i32x4.sub(subtrahend<C, L>(i), v128.load(b + i)))
}


@inline
function loadDifference<C, L>(a: usize, b: usize, i: usize): v128 {
  return difference<C, L>(v128.load(a + i), b, i)
}

/** r = a − b for a carried b. Bound: that of a, plus 2. */
export function subtract<C, L>(r: usize, a: usize, b: usize): void {
  v128.store(r, loadDifference<C, L>(a, b, 0))
  v128.store(r, loadDifference<C, L>(a, b, 16), 16)
  v128.store(r, loadDifference<C, L>(a, b, 32), 32)
  if (isPair<L>()) {
    v128.store(r, loadDifference<C, L>(a, b, 48), 48)
    v128.store(r, loadDifference<C, L>(a, b, 64), 64)
  }
}

/** r = a − b for a carried b. */
export function subtractCarried<C, L>(r: usize, a: usize, b: usize): void {
  const x3 = isPair<L>() ? loadDifference<C, L>(a, b, 48) : i64x2.splat(0)
  const x4 = isPair<L>() ? loadDifference<C, L>(a, b, 64) : i64x2.splat(0)
  const x0 = loadDifference<C, L>(a, b, 0)
  const x1 = loadDifference<C, L>(a, b, 16)
  const x2 = loadDifference<C, L>(a, b, 32)
  carried<C, L>(r, x0, x1, x2, x3, x4)
}


@inline
function loadSum(a: usize, b: usize, i: usize): v128 {
  return i32x4.add(v128.load(a + i), v128.load(b + i))
}

/** r = a + b */
export function addCarried<C, L>(r: usize, a: usize, b: usize): void {
  const x3 = isPair<L>() ? loadSum(a, b, 48) : i64x2.splat(0)
  const x4 = isPair<L>() ? loadSum(a, b, 64) : i64x2.splat(0)
  carried<C, L>(r, loadSum(a, b, 0), loadSum(a, b, 16), loadSum(a, b, 32), x3, x4)
}


@inline
function negatedWhere<C, L>(a: usize, mask: v128, i: usize): v128 {
  const x = v128.load(a + i)
  return v128.bitselect(i32x4.sub(subtrahend<C, L>(i), x), x, mask)
}

/** r = mask ? −a : a, for a carried a. */
export function conditionalNegateCarried<C, L>(r: usize, a: usize, mask: v128): void {
  const x3 = isPair<L>() ? negatedWhere<C, L>(a, mask, 48) : i64x2.splat(0)
  const x4 = isPair<L>() ? negatedWhere<C, L>(a, mask, 64) : i64x2.splat(0)
  const x0 = negatedWhere<C, L>(a, mask, 0)
  const x1 = negatedWhere<C, L>(a, mask, 16)
  const x2 = negatedWhere<C, L>(a, mask, 32)
  carried<C, L>(r, x0, x1, x2, x3, x4)
}

/** r = the canonical limbs of a Single of any bound. */
export function normalize<C>(r: usize, a: usize): void {
  if (isSecp256k1<C>()) normalizePseudoMersenne(r, a, topBits<C>(), 977, 8)
  else normalizePseudoMersenne(r, a, topBits<C>(), 19, 0)
}

/** All ones in the lanes where a ≡ 0. */
export function zeroMask<C, L>(a: usize): v128 {
  if (!isPair<L>()) {
    normalize<C>(T, a)
    return i32x4.splat(isZero(T))
  }
  extract(T, a, 0)
  normalize<C>(T, T)
  const first = isZero(T)
  extract(T, a, 1)
  normalize<C>(T, T)
  return spread<L>(first, isZero(T))
}


@inline
function lowLimbMayBeZero<C>(limb: u32): bool {
  // Below 2p, only 0 and p are ≡ 0. Nearly all other values differ from both in their lowest limb.
  const low = limb & 0x1fffffff
  return low == 0 || low == (isSecp256k1<C>() ? 0x1ffffc2f : 0x1fffffed)
}

/** False only if no lane of a carried element is ≡ 0. For public input only. */
export function mayBeZeroVar<C, L>(a: usize): bool {
  return lowLimbMayBeZero<C>(load<u32>(a)) || (isPair<L>() && lowLimbMayBeZero<C>(load<u32>(a, 4)))
}

/** Whether a carried Single is ≡ 0. For public input only, since callers branch on it. */
export function isZeroVar<C>(a: usize): bool {
  if (!mayBeZeroVar<C, Single>(a)) return false
  normalize<C>(T, a)
  return isZero(T) != 0
}

/** r = 1/a for a Single, or 0 for 0. */
export function invert<C>(r: usize, a: usize): void {
  normalize<C>(T, a)
  pack(BYTES, T)
  invertBytes(BYTES, isSecp256k1<C>() ? secp256k1.FIELD_30 : ed25519.FIELD_30)
  unpack(r, BYTES)
}

/**
 * Inverts `count` Singles in place with one inversion (Montgomery's trick), in constant time. Zero stays zero. The elements
 * are `stride` bytes apart, and so are the slots for products at `products`.
 */
export function invertAll<C>(elements: usize, products: usize, stride: usize, count: i32): void {
  set<Single>(ONE, 1)
  copy<Single>(PRODUCT, ONE)
  for (let i: usize = 0; i < <usize>count; i++) {
    const element = elements + i * stride
    const product = products + i * stride
    const zero = zeroMask<C, Single>(element)
    conditionalCopy<Single>(element, ONE, zero)
    copy<Single>(product, PRODUCT)
    store<i32>(product, i32x4.extract_lane(zero, 0), 40)
    multiply<C, Single>(PRODUCT, PRODUCT, element)
  }
  invert<C>(INVERSE, PRODUCT)
  set<Single>(PRODUCT, 0)
  for (let i = count - 1; i >= 0; i--) {
    const element = elements + <usize>i * stride
    const product = products + <usize>i * stride
    const zero = i32x4.splat(load<i32>(product, 40))
    multiply<C, Single>(product, product, INVERSE)
    multiply<C, Single>(INVERSE, INVERSE, element)
    copy<Single>(element, product)
    conditionalCopy<Single>(element, PRODUCT, zero)
  }
}
