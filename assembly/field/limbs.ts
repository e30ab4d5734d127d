import { LIMB_SCRATCH } from '../memory'

const MASK: u64 = 0x1fffffff

/** r = the number in 32 little-endian bytes, as nine 29-bit limbs. */
export function unpack(r: usize, bytes: usize): void {
  const w0 = load<u64>(bytes)
  const w1 = load<u64>(bytes, 8)
  const w2 = load<u64>(bytes, 16)
  const w3 = load<u64>(bytes, 24)
  store<u32>(r, <u32>(w0 & MASK))
  store<u32>(r, <u32>((w0 >> 29) & MASK), 4)
  store<u32>(r, <u32>(((w0 >> 58) | (w1 << 6)) & MASK), 8)
  store<u32>(r, <u32>((w1 >> 23) & MASK), 12)
  store<u32>(r, <u32>(((w1 >> 52) | (w2 << 12)) & MASK), 16)
  store<u32>(r, <u32>((w2 >> 17) & MASK), 20)
  store<u32>(r, <u32>(((w2 >> 46) | (w3 << 18)) & MASK), 24)
  store<u32>(r, <u32>((w3 >> 11) & MASK), 28)
  store<u64>(r, w3 >> 40, 32)
  store<u64>(r, 0, 40)
}


@inline
function limb(a: usize, i: usize): u64 {
  return <u64>load<u32>(a + 4 * i)
}

/** Writes a, with canonical limbs, as 32 little-endian bytes. */
export function pack(bytes: usize, a: usize): void {
  store<u64>(bytes, limb(a, 0) | (limb(a, 1) << 29) | (limb(a, 2) << 58))
  store<u64>(bytes, (limb(a, 2) >> 6) | (limb(a, 3) << 23) | (limb(a, 4) << 52), 8)
  store<u64>(bytes, (limb(a, 4) >> 12) | (limb(a, 5) << 17) | (limb(a, 6) << 46), 16)
  store<u64>(bytes, (limb(a, 6) >> 18) | (limb(a, 7) << 11) | (limb(a, 8) << 40), 24)
}

/** Copies 32 bytes in reverse order, to convert between big-endian and little-endian. */
export function reverse(r: usize, bytes: usize): void {
  const low = v128.load(bytes)
  const high = v128.load(bytes, 16)
  v128.store(r, i8x16.shuffle(high, high, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0))
  v128.store(r, i8x16.shuffle(low, low, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), 16)
}

/** All ones if all nine canonical limbs are zero, else zero. */
export function isZero(a: usize): i32 {
  let bits: u32 = 0
  for (let i: usize = 0; i < 36; i += 4) bits |= load<u32>(a + i)
  return -(<i32>(bits == 0))
}

/** All ones if a = b, limb by limb, else zero. */
export function isEqual(a: usize, b: usize): i32 {
  let bits: u32 = 0
  for (let i: usize = 0; i < 36; i += 4) bits |= load<u32>(a + i) ^ load<u32>(b + i)
  return -(<i32>(bits == 0))
}

/** All ones if a < modulus, else zero. The limbs must be canonical. */
export function isBelow(a: usize, modulus: usize): i32 {
  let borrow: i32 = 0
  for (let i: usize = 0; i < 36; i += 4) borrow = (load<i32>(a + i) - load<i32>(modulus + i) + borrow) >> 29
  return borrow
}

/** r = a − (a ≥ modulus ? modulus : 0) for canonical limbs. */
export function subtractOnce(r: usize, a: usize, modulus: usize): void {
  const keep = isBelow(a, modulus)
  let carry: i32 = 0
  for (let i: usize = 0; i < 36; i += 4) {
    carry += load<i32>(a + i) - (load<i32>(modulus + i) & ~keep)
    store<i32>(r + i, carry & 0x1fffffff)
    carry >>= 29
  }
  clearPadding(r)
}


@inline
export function clearPadding(r: usize): void {
  store<u32>(r, 0, 36)
  store<u64>(r, 0, 40)
}

/** r = a + added0 + added1·2^29 with every limb carried. Returns the carry out of the top limb of `topBits` bits. */
@inline
function carryThrough(r: usize, a: usize, topBits: u64, added0: u64, added1: u64): u64 {
  let carry = added0
  for (let i: usize = 0; i < 8; i++) {
    carry += limb(a, i) + (i == 1 ? added1 : 0)
    store<u32>(r + 4 * i, <u32>(carry & MASK))
    carry >>= 29
  }
  carry += limb(a, 8)
  store<u32>(r, <u32>(carry & ((1 << topBits) - 1)), 32)
  return carry >> topBits
}

/**
 * r = the canonical limbs of a (any limbs below 2^32), modulo 2^(232 + topBits) − fold0 − fold1·2^29.
 *
 * After the first pass the overflow is below 2^10, and after the second it is at most 1, with a tiny rest. Then adding the
 * fold overflows if and only if the value is not below the modulus.
 */
@inline
export function normalizePseudoMersenne(r: usize, a: usize, topBits: u64, fold0: u64, fold1: u64): void {
  const t = LIMB_SCRATCH
  let overflow = carryThrough(t, a, topBits, 0, 0)
  overflow = carryThrough(t, t, topBits, overflow * fold0, overflow * fold1)
  const mask: u64 = 0 - (overflow | carryThrough(t + 48, t, topBits, fold0, fold1))
  carryThrough(r, t, topBits, fold0 & mask, fold1 & mask)
  clearPadding(r)
}
