import { POINT_SCRATCH } from '../memory'
import { conditionalCopy, copy, set, Single, size } from '../field/lanes'
import { isZero, pack, reverse, unpack } from '../field/limbs'
import { invert, multiply, normalize, square, zeroMask } from './field'

// Points between calls: 64 bytes, affine x and y in little-endian words, the identity all zeros (0² ≠ 0³ + 7).

/** A Jacobian point (Single) and a slot of work for {@link toAffine}: X, Y, Z, and the product of all Z before it. */
export const BATCH_STRIDE: usize = 4 * 48

const X: usize = POINT_SCRATCH
const Y: usize = POINT_SCRATCH + 48
const PRODUCT: usize = POINT_SCRATCH + 2 * 48
const INVERSE: usize = POINT_SCRATCH + 3 * 48
const ONE: usize = POINT_SCRATCH + 4 * 48
const ZERO: usize = POINT_SCRATCH + 5 * 48

/** Points of this module end here in POINT_SCRATCH. */
export const AFFINE_SCRATCH_END: usize = POINT_SCRATCH + 6 * 48

/** Loads x and y (Single) of a stored point; all ones if it is the identity. */
export function loadPoint(xy: usize, bytes: usize): i32 {
  unpack(xy, bytes)
  unpack(xy + size<Single>(), bytes + 32)
  return isZero(xy) & isZero(xy + size<Single>())
}

/** Loads a stored point as a Jacobian one. */
export function loadJacobian(p: usize, bytes: usize): void {
  const isIdentity = loadPoint(p, bytes)
  set<Single>(p + 2 * size<Single>(), 0)
  store<i32>(p + 2 * size<Single>(), 1 + isIdentity)
}

/** Stores x and y (Single, any bounds) canonically. */
export function storePoint(bytes: usize, xy: usize): void {
  normalize(X, xy)
  pack(bytes, X)
  normalize(X, xy + size<Single>())
  pack(bytes + 32, X)
}

/**
 * Replaces X and Y of `count` Jacobian points, {@link BATCH_STRIDE} apart, by affine x and y with one inversion
 * (Montgomery's trick). The identity becomes x = y = 0; constant-time, so that nothing tells which point it was.
 */
export function toAffine(points: usize, count: i32): void {
  set<Single>(ONE, 1)
  set<Single>(ZERO, 0)
  copy<Single>(PRODUCT, ONE)
  const end = points + <usize>count * BATCH_STRIDE
  for (let p = points; p < end; p += BATCH_STRIDE) {
    const z = p + 2 * size<Single>()
    const isIdentity = zeroMask<Single>(z)
    conditionalCopy<Single>(p, ZERO, isIdentity)
    conditionalCopy<Single>(p + size<Single>(), ZERO, isIdentity)
    conditionalCopy<Single>(z, ONE, isIdentity)
    copy<Single>(p + 3 * size<Single>(), PRODUCT)
    multiply<Single>(PRODUCT, PRODUCT, z)
  }
  invert(INVERSE, PRODUCT)
  for (let p = end - BATCH_STRIDE; p >= points; p -= BATCH_STRIDE) {
    const z = p + 2 * size<Single>()
    multiply<Single>(X, INVERSE, p + 3 * size<Single>())
    multiply<Single>(INVERSE, INVERSE, z)
    square<Single>(Y, X)
    multiply<Single>(p, p, Y)
    multiply<Single>(Y, Y, X)
    multiply<Single>(p + size<Single>(), p + size<Single>(), Y)
  }
}

/** Stores `count` Jacobian points, {@link BATCH_STRIDE} apart; they lose their Z. */
export function storeJacobian(bytes: usize, points: usize, count: i32): void {
  toAffine(points, count)
  for (let i: usize = 0; i < <usize>count; i++) storePoint(bytes + 64 * i, points + i * BATCH_STRIDE)
}

/** SEC 1 §2.3.3: 33 bytes of a stored point other than the identity. */
export function encodePoint(r: usize, bytes: usize): void {
  const odd = load<u8>(bytes, 32) & 1
  reverse(r + 1, bytes)
  store<u8>(r, 2 + odd)
}
