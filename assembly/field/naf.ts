/** Bytes for the digits of a 256-bit number. */
export const NAF_BYTES: usize = 264

/**
 * The width-5 non-adjacent form of a public number in 32 little-endian bytes (8 zero bytes follow): NAF_BYTES signed
 * digits, lowest first, zero or odd with |d| ≤ 15, no two non-zero ones closer than 5.
 *
 * @returns how many digits are in use
 */
export function recodeNafVar(digits: usize, bytes: usize): i32 {
  memory.fill(digits, 0, NAF_BYTES)
  let carry: i32 = 0
  let length: i32 = 0
  let bit: i32 = 0
  while (bit <= 256) {
    const window = (<i32>(load<u32>(bytes + (bit >> 3)) >> (bit & 7))) & 31
    if ((window & 1) == carry) {
      bit++
      continue
    }
    const value = window + carry
    carry = value >> 4
    store<i8>(digits + bit, value - (carry << 5))
    length = bit + 1
    bit += 5
  }
  return length
}
