import { POINT_SCRATCH } from '../memory'
import { Ed25519 } from '../field/curve'
import { set, Single, size } from '../field/lanes'
import { pack, unpack } from '../field/limbs'
import { invertAll, multiply, normalize } from '../field/prime'

type C = Ed25519

// A stored point, as calls pass it: 64 bytes, affine x and y, little-endian. The identity is (0, 1).

/** Bytes from one projective point (Single: X, Y, Z) of a batch to the next. {@link toAffine} works in the fourth slot. */
export const BATCH_STRIDE: usize = 4 * 48

const T: usize = POINT_SCRATCH

/** From here on, the slots of POINT_SCRATCH are free for multiplication. */
export const AFFINE_SCRATCH_END: usize = POINT_SCRATCH + 48

/** Loads a stored point in extended coordinates (Single). */
export function loadPoint(p: usize, bytes: usize): void {
  unpack(p, bytes)
  unpack(p + size<Single>(), bytes + 32)
  set<Single>(p + 2 * size<Single>(), 1)
  multiply<C, Single>(p + 3 * size<Single>(), p, p + size<Single>())
}

/** Stores x and y (Single, any bounds) as canonical bytes. */
export function storePoint(bytes: usize, xy: usize): void {
  normalize<C>(T, xy)
  pack(bytes, T)
  normalize<C>(T, xy + size<Single>())
  pack(bytes + 32, T)
}

/** Replaces X and Y of `count` points by affine x and y, and Z by 1/Z, with one inversion. They are {@link BATCH_STRIDE} apart. */
export function toAffine(points: usize, count: i32): void {
  const z: usize = 2 * size<Single>()
  invertAll<C>(points + z, points + 3 * size<Single>(), BATCH_STRIDE, count)
  for (let i: usize = 0; i < <usize>count; i++) {
    const x = points + i * BATCH_STRIDE
    multiply<C, Single>(x, x, x + z)
    multiply<C, Single>(x + size<Single>(), x + size<Single>(), x + z)
  }
}

/** Stores `count` projective points, {@link BATCH_STRIDE} apart. Overwrites them. */
export function storeProjective(bytes: usize, points: usize, count: i32): void {
  toAffine(points, count)
  for (let i: usize = 0; i < <usize>count; i++) storePoint(bytes + 64 * i, points + i * BATCH_STRIDE)
}

/** Encodes a stored point in 32 bytes (RFC 8032 §5.1.2). */
export function encodePoint(r: usize, bytes: usize): void {
  const odd = <u64>(load<u8>(bytes) & 1)
  memory.copy(r, bytes + 32, 24)
  store<u64>(r, load<u64>(bytes, 56) | (odd << 63), 24)
}
