// The compression function G of Argon2 (RFC 9106 §3.5, §3.6), two 64-bit words in a vector.

/** Length in bytes of a block. */
export const BLOCK: usize = 1024

/** x + y + 2 · lo(x) · lo(y), in each word. */
@inline
function add(x: v128, y: v128): v128 {
  const product = i64x2.extmul_low_i32x4_u(v128.shuffle<u32>(x, x, 0, 2, 0, 2), v128.shuffle<u32>(y, y, 0, 2, 0, 2))
  return i64x2.add(i64x2.add(x, y), i64x2.add(product, product))
}


@inline
function rotate32(x: v128): v128 {
  return v128.shuffle<u32>(x, x, 1, 0, 3, 2)
}


@inline
function rotate24(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)
}


@inline
function rotate16(x: v128): v128 {
  return v128.shuffle<u16>(x, x, 1, 2, 3, 0, 5, 6, 7, 4)
}


@inline
function rotate63(x: v128): v128 {
  return v128.or(i64x2.add(x, x), i64x2.shr_u(x, 63))
}

/** The permutation P on eight vectors, `stride` bytes apart. */
function permute(at: usize, stride: usize): void {
  let a0 = v128.load(at)
  let a1 = v128.load(at + stride)
  let b0 = v128.load(at + 2 * stride)
  let b1 = v128.load(at + 3 * stride)
  let c0 = v128.load(at + 4 * stride)
  let c1 = v128.load(at + 5 * stride)
  let d0 = v128.load(at + 6 * stride)
  let d1 = v128.load(at + 7 * stride)
  // Columns, then diagonals: their words are brought into columns, and back again.
  for (let half = 0; half < 2; half++) {
    a0 = add(a0, b0)
    a1 = add(a1, b1)
    d0 = rotate32(v128.xor(d0, a0))
    d1 = rotate32(v128.xor(d1, a1))
    c0 = add(c0, d0)
    c1 = add(c1, d1)
    b0 = rotate24(v128.xor(b0, c0))
    b1 = rotate24(v128.xor(b1, c1))
    a0 = add(a0, b0)
    a1 = add(a1, b1)
    d0 = rotate16(v128.xor(d0, a0))
    d1 = rotate16(v128.xor(d1, a1))
    c0 = add(c0, d0)
    c1 = add(c1, d1)
    b0 = rotate63(v128.xor(b0, c0))
    b1 = rotate63(v128.xor(b1, c1))
    // Forth: b by one word, c by two, d by three. Back: b by three, c by two, d by one.
    const c = c0
    c0 = c1
    c1 = c
    const b01 = v128.shuffle<u64>(b0, b1, 1, 2)
    const b10 = v128.shuffle<u64>(b1, b0, 1, 2)
    const d01 = v128.shuffle<u64>(d0, d1, 1, 2)
    const d10 = v128.shuffle<u64>(d1, d0, 1, 2)
    if (half == 0) {
      b0 = b01
      b1 = b10
      d0 = d10
      d1 = d01
    } else {
      b0 = b10
      b1 = b01
      d0 = d01
      d1 = d10
    }
  }
  v128.store(at, a0)
  v128.store(at + stride, a1)
  v128.store(at + 2 * stride, b0)
  v128.store(at + 3 * stride, b1)
  v128.store(at + 4 * stride, c0)
  v128.store(at + 5 * stride, c1)
  v128.store(at + 6 * stride, d0)
  v128.store(at + 7 * stride, d1)
}

/**
 * G of two blocks.
 *
 * @param to the result; with `keep`, it is XORed with what is there
 * @param scratch one block
 */
export function compress(x: usize, y: usize, to: usize, keep: bool, scratch: usize): void {
  for (let at: usize = 0; at < BLOCK; at += 16) {
    const r = v128.xor(v128.load(x + at), v128.load(y + at))
    v128.store(scratch + at, r)
    v128.store(to + at, keep ? v128.xor(v128.load(to + at), r) : r)
  }
  for (let row: usize = 0; row < 8; row++) permute(scratch + 128 * row, 16)
  for (let column: usize = 0; column < 8; column++) permute(scratch + 16 * column, 128)
  for (let at: usize = 0; at < BLOCK; at += 16) {
    v128.store(to + at, v128.xor(v128.load(to + at), v128.load(scratch + at)))
  }
}
