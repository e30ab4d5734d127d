import { addScalars, halveScalar } from './scalar'
import { pack } from './limbs'

// Scalars as odd signed digits, so that no window of a constant-time multiplication is empty: for the base-2^w digits v_i
// of v = (k + Σ (2^w − 1)·2^(w·i))/2 mod n, k = Σ d_i·2^(w·i) mod n with d_i = 2·v_i − (2^w − 1). Tables hold the odd
// multiples 1, 3, 5 … of a point; entry e stands for 2e + 1.

/** Bytes of the digits of one scalar: 32, and room to read beyond them. */
export const DIGIT_BYTES: usize = 48

/** Writes v for the scalar k, which it overwrites; `offset` is the sum above, modulo the order. */
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

/** All ones if the digit of v, `width` bits wide, stands for a negative d. */
@inline
export function signMask(v: i32, width: i32): i32 {
  return (v >> (width - 1)) - 1
}

/** The table entry for |d|. */
@inline
export function tableIndex(v: i32, width: i32): i32 {
  return (v ^ signMask(v, width)) & ((1 << (width - 1)) - 1)
}
