/**
 * Bit matrices of 128 columns. A column is a byte string whose bit p is bit p mod 8 of byte ⌊p/8⌋. Row p is 16 bytes whose
 * bit i is bit p of column i. An operation on a row is an operation on all columns at once.
 */

export const COLUMNS: i32 = 128
export const ROW_BYTES: i32 = 16

/** Transposes 128 columns of `columnBytes` bytes, `stride` bytes apart, to 8·columnBytes rows. */
export function transpose(rows: usize, columns: usize, stride: usize, columnBytes: i32): void {
  for (let byte: usize = 0; byte < <usize>columnBytes; byte++) {
    for (let group: usize = 0; group < 8; group++) {
      const from = columns + byte + 16 * group * stride
      let bytes = i8x16.splat(0)
      bytes = v128.load8_lane(from, bytes, 0)
      bytes = v128.load8_lane(from + stride, bytes, 1)
      bytes = v128.load8_lane(from + 2 * stride, bytes, 2)
      bytes = v128.load8_lane(from + 3 * stride, bytes, 3)
      bytes = v128.load8_lane(from + 4 * stride, bytes, 4)
      bytes = v128.load8_lane(from + 5 * stride, bytes, 5)
      bytes = v128.load8_lane(from + 6 * stride, bytes, 6)
      bytes = v128.load8_lane(from + 7 * stride, bytes, 7)
      bytes = v128.load8_lane(from + 8 * stride, bytes, 8)
      bytes = v128.load8_lane(from + 9 * stride, bytes, 9)
      bytes = v128.load8_lane(from + 10 * stride, bytes, 10)
      bytes = v128.load8_lane(from + 11 * stride, bytes, 11)
      bytes = v128.load8_lane(from + 12 * stride, bytes, 12)
      bytes = v128.load8_lane(from + 13 * stride, bytes, 13)
      bytes = v128.load8_lane(from + 14 * stride, bytes, 14)
      bytes = v128.load8_lane(from + 15 * stride, bytes, 15)
      // The mask has the highest bit of every byte. Each shift moves up the next lower bit.
      const to = rows + (byte << 7) + (group << 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 7 * 16)
      bytes = i8x16.shl(bytes, 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 6 * 16)
      bytes = i8x16.shl(bytes, 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 5 * 16)
      bytes = i8x16.shl(bytes, 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 4 * 16)
      bytes = i8x16.shl(bytes, 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 3 * 16)
      bytes = i8x16.shl(bytes, 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 2 * 16)
      bytes = i8x16.shl(bytes, 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 1 * 16)
      bytes = i8x16.shl(bytes, 1)
      store<u16>(to, <u16>i8x16.bitmask(bytes), 0)
    }
  }
}
