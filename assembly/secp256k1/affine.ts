import { POINT_SCRATCH } from '../memory'
import { Secp256k1 } from '../field/curve'
import { set, Single, size } from '../field/lanes'
import { isZero, pack, reverse, unpack } from '../field/limbs'
import { invertAll, multiply, normalize, square } from '../field/prime'

type C = Secp256k1

// A stored point, as calls pass it: 64 bytes, affine x and y, little-endian. The identity is all zeros (0² ≠ 0³ + 7).

/** Bytes from one Jacobian point (Single: X, Y, Z) of a batch to the next. {@link toAffine} works in the fourth slot. */
export const BATCH_STRIDE: usize = 4 * 48

const T: usize = POINT_SCRATCH

/** From here on, the slots of POINT_SCRATCH are free for multiplication. */
export const AFFINE_SCRATCH_END: usize = POINT_SCRATCH + 48

/** Loads x and y (Single) of a stored point. Returns all ones if it is the identity. */
export function loadPoint(xy: usize, bytes: usize): i32 {
  unpack(xy, bytes)
  unpack(xy + size<Single>(), bytes + 32)
  return isZero(xy) & isZero(xy + size<Single>())
}

/** Loads a stored point in Jacobian coordinates. */
export function loadJacobian(p: usize, bytes: usize): void {
  const isIdentity = loadPoint(p, bytes)
  set<Single>(p + 2 * size<Single>(), 1 + isIdentity)
}

/** Stores x and y (Single, any bounds) as canonical bytes. */
export function storePoint(bytes: usize, xy: usize): void {
  normalize<C>(T, xy)
  pack(bytes, T)
  normalize<C>(T, xy + size<Single>())
  pack(bytes + 32, T)
}

/**
 * Replaces X and Y of `count` Jacobian points, {@link BATCH_STRIDE} apart, by affine x and y with one inversion. The
 * identity becomes x = y = 0. Constant-time: it does not reveal which point is the identity.
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

/** Stores `count` Jacobian points, {@link BATCH_STRIDE} apart. Overwrites them. */
export function storeJacobian(bytes: usize, points: usize, count: i32): void {
  toAffine(points, count)
  for (let i: usize = 0; i < <usize>count; i++) storePoint(bytes + 64 * i, points + i * BATCH_STRIDE)
}

/** Encodes a stored point other than the identity in 33 bytes (SEC 1 §2.3.3). */
export function encodePoint(r: usize, bytes: usize): void {
  const odd = load<u8>(bytes, 32) & 1
  reverse(r + 1, bytes)
  store<u8>(r, 2 + odd)
}
