import { POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { set, Single, size } from '../field/lanes'
import { pack, unpack } from '../field/limbs'
import { invertAll, multiply, normalize } from '../field/prime'

type C = Ed25519

// Points between calls: 64 bytes, affine x and y in little-endian words; the identity is (0, 1).

/** A projective point (Single): X, Y, Z; then a slot of work for {@link toAffine}. */
export const BATCH_STRIDE: usize = 4 * 48

const T: usize = POINT_SCRATCH

/** Slots of POINT_SCRATCH from here on are free for multiplication. */
export const AFFINE_SCRATCH_END: usize = POINT_SCRATCH + 48

/** Loads a stored point as an extended one (Single). */
export function loadPoint(p: usize, bytes: usize): void {
  unpack(p, bytes)
  unpack(p + size<Single>(), bytes + 32)
  set<Single>(p + 2 * size<Single>(), 1)
  multiply<C, Single>(p + 3 * size<Single>(), p, p + size<Single>())
}

/** Stores x and y (Single, any bounds) canonically. */
export function storePoint(bytes: usize, xy: usize): void {
  normalize<C>(T, xy)
  pack(bytes, T)
  normalize<C>(T, xy + size<Single>())
  pack(bytes + 32, T)
}

/** Replaces X and Y of `count` points, {@link BATCH_STRIDE} apart, by affine x and y, and Z by 1/Z, with one inversion. */
export function toAffine(points: usize, count: i32): void {
  const z: usize = 2 * size<Single>()
  invertAll<C>(points + z, points + 3 * size<Single>(), BATCH_STRIDE, count)
  for (let i: usize = 0; i < <usize>count; i++) {
    const x = points + i * BATCH_STRIDE
    multiply<C, Single>(x, x, x + z)
    multiply<C, Single>(x + size<Single>(), x + size<Single>(), x + z)
  }
}

/** Stores `count` projective points, {@link BATCH_STRIDE} apart; they lose their Z. */
export function storeProjective(bytes: usize, points: usize, count: i32): void {
  toAffine(points, count)
  for (let i: usize = 0; i < <usize>count; i++) storePoint(bytes + 64 * i, points + i * BATCH_STRIDE)
}

/** RFC 8032 §5.1.2: 32 bytes of a stored point. */
export function encodePoint(r: usize, bytes: usize): void {
  const odd = <u64>(load<u8>(bytes) & 1)
  memory.copy(r, bytes + 32, 24)
  store<u64>(r, load<u64>(bytes, 56) | (odd << 63), 24)
}
