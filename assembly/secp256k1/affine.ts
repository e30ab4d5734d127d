import { POINT_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { set, Single, size } from '../field/lanes'
import { isZero, pack, reverse, unpack } from '../field/limbs'
import { invertAll, multiply, normalize, square } from '../field/prime'

type C = Secp256k1

// Points between calls: 64 bytes, affine x and y in little-endian words, the identity all zeros (0² ≠ 0³ + 7).

/** A Jacobian point (Single): X, Y, Z; then a slot of work for {@link toAffine}. */
export const BATCH_STRIDE: usize = 4 * 48

const T: usize = POINT_SCRATCH

/** Slots of POINT_SCRATCH from here on are free for multiplication. */
export const AFFINE_SCRATCH_END: usize = POINT_SCRATCH + 48

/** Loads x and y (Single) of a stored point; all ones if it is the identity. */
export function loadPoint(xy: usize, bytes: usize): i32 {
  unpack(xy, bytes)
  unpack(xy + size<Single>(), bytes + 32)
  return isZero(xy) & isZero(xy + size<Single>())
}

/** Loads a stored point as a Jacobian one. */
export function loadJacobian(p: usize, bytes: usize): void {
  const isIdentity = loadPoint(p, bytes)
  set<Single>(p + 2 * size<Single>(), 1 + isIdentity)
}

/** Stores x and y (Single, any bounds) canonically. */
export function storePoint(bytes: usize, xy: usize): void {
  normalize<C>(T, xy)
  pack(bytes, T)
  normalize<C>(T, xy + size<Single>())
  pack(bytes + 32, T)
}

/**
 * Replaces X and Y of `count` Jacobian points, {@link BATCH_STRIDE} apart, by affine x and y with one inversion. The
 * identity becomes x = y = 0; constant-time, so that nothing tells which point it was.
 */
export function toAffine(points: usize, count: i32): void {
  const z: usize = 2 * size<Single>()
  invertAll<C>(points + z, points + 3 * size<Single>(), BATCH_STRIDE, count)
  for (let i: usize = 0; i < <usize>count; i++) {
    const x = points + i * BATCH_STRIDE
    const y = x + size<Single>()
    square<C, Single>(T, x + z)
    multiply<C, Single>(x, x, T)
    multiply<C, Single>(T, T, x + z)
    multiply<C, Single>(y, y, T)
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
