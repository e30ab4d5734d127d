/** Bytes for the digits of a 256-bit number. */
export const NAF_BYTES: usize = 264

/** Digit width for a point whose odd multiples are computed for one call, and for the generator. */
export const NAF_WIDTH: i32 = 5
export const GENERATOR_NAF_WIDTH: i32 = 8
export const GENERATOR_MULTIPLES: usize = 64

/**
 * Writes the non-adjacent form of a public number in 32 little-endian bytes, which 8 zero bytes follow: NAF_BYTES signed
 * digits, lowest first. A digit is zero or odd, with |d| < 2^(width − 1). Non-zero digits are at least `width` ≤ 8 apart.
 *
 * @returns how many digits are in use
 */
export function recodeNafVar(digits: usize, bytes: usize, width: i32): i32 {
  memory.fill(digits, 0, NAF_BYTES)
  let carry: i32 = 0
  let length: i32 = 0
  let bit: i32 = 0
  while (bit <= 256) {
    const window = (<i32>(load<u32>(bytes + (bit >> 3)) >> (bit & 7))) & ((1 << width) - 1)
    if ((window & 1) == carry) {
      bit++
      continue
    }
    const value = window + carry
    carry = value >> (width - 1)
    store<i8>(digits + bit, value - (carry << width))
    length = bit + 1
    bit += width
  }
  return length
}
