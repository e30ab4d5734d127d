import { addScalars, halveScalar } from './scalar'
import { pack } from './limbs'

// Scalars as odd signed digits. None of them is zero, so every window of a constant-time multiplication adds a point. For
// the base-2^w digits v_i of v = (k + Σ (2^w − 1)·2^(w·i))/2 mod n, the signed digits d_i = 2·v_i − (2^w − 1) satisfy
// k = Σ d_i·2^(w·i) mod n. Tables have the odd multiples 1, 3, 5 … of a point: entry e is the multiple 2e + 1.

/** Bytes of the digits of one scalar: 32, and padding, since reads go beyond them. */
export const DIGIT_BYTES: usize = 48

/** Writes v for the scalar k, and overwrites k. `offset` is the sum above, modulo the order. */
export function recode<C>(digits: usize, k: usize, offset: usize): void {
  addScalars<C>(k, k, offset)
  halveScalar<C>(k, k)
  pack(digits, k)
  store<u64>(digits, 0, 32)
}

/** Digit i of v in base 16. */
@inline
export function nibble(digits: usize, i: i32): i32 {
  return ((<i32>load<u8>(digits + (i >> 1))) >> ((i & 1) << 2)) & 15
}

/** Digit i of v in base 32. */
@inline
export function fiveBits(digits: usize, i: i32): i32 {
  const bit = 5 * i
  return (<i32>(load<u32>(digits + (bit >> 3)) >> (bit & 7))) & 31
}

/** All ones if d is negative for a digit of v of `width` bits. */
@inline
export function signMask(v: i32, width: i32): i32 {
  return (v >> (width - 1)) - 1
}

/** The index of the table entry for |d|. */
@inline
export function tableIndex(v: i32, width: i32): i32 {
  return (v ^ signMask(v, width)) & ((1 << (width - 1)) - 1)
}
