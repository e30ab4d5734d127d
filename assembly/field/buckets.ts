// Pippenger's method for a sum of many products of public points and scalars. Each scalar is recoded to signed digits of
// `width` bits. For each window, every point is added to the bucket of its digit, and the buckets are combined to
// Σ b·bucket_b. Two windows are computed at once, the even one in lane A and the odd one in lane B.

/** Bytes of a recoded scalar. */
export const WINDOW_BYTES: usize = 40

/** Number of buckets for digits of up to 8 bits, including the unused bucket 0. */
export const BUCKETS: usize = 129

/** The digit width in bits that takes the least time for `count` points. A window takes about count + 2^width additions. */
export function digitWidth(count: i32): i32 {
  if (count < 96) return 5
  if (count < 224) return 6
  return count < 640 ? 7 : 8
}

/** An even number of windows with room for a number below 2^bits plus the offset of {@link recodeWindowsVar}. */
export function windowCount(bits: i32, width: i32): i32 {
  const count = (bits + 1 + width) / width
  return (count + 1) & ~1
}

/** r = Σ 2^(width − 1)·2^(width·i) over all windows: below 0.52·2^(width·windows). */
export function windowOffset(r: usize, windows: i32, width: i32): void {
  memory.fill(r, 0, WINDOW_BYTES)
  for (let bit = width - 1; bit < width * windows; bit += width) {
    const byte = r + <usize>(bit >> 3)
    store<u8>(byte, <u8>((<i32>load<u8>(byte)) | (1 << (bit & 7))))
  }
}

/** Adds the {@link windowOffset} to a number of WINDOW_BYTES, so that {@link windowDigit} can read signed digits from it. */
export function recodeWindowsVar(digits: usize, offset: usize): void {
  let carry: u64 = 0
  for (let i: usize = 0; i < WINDOW_BYTES; i += 4) {
    carry += <u64>load<u32>(digits + i) + <u64>load<u32>(offset + i)
    store<u32>(digits + i, <u32>carry)
    carry >>= 32
  }
}

/** Signed digit `window` of a recoded number, −2^(width − 1) ≤ d < 2^(width − 1). */
export function windowDigit(digits: usize, window: i32, width: i32): i32 {
  const bit = window * width
  return ((<i32>(load<u32>(digits + (bit >> 3)) >> (bit & 7))) & ((1 << width) - 1)) - (1 << (width - 1))
}


@inline
function laneA(): v128 {
  return i64x2.splat(0xffffffff)
}

/** r = lane A of a and lane B of b, for `bytes` bytes of Pairs. */
export function gatherLanes(r: usize, a: usize, b: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(r + i, v128.bitselect(v128.load(a + i), v128.load(b + i), laneA()))
  }
}

/** Copies lane A of p to lane A of a, and lane B of p to lane B of b. The other lanes do not change. */
export function scatterLanes(a: usize, b: usize, p: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = v128.load(p + i)
    v128.store(a + i, v128.bitselect(x, v128.load(a + i), laneA()))
    v128.store(b + i, v128.bitselect(v128.load(b + i), x, laneA()))
  }
}
