import { COLUMNS, ROW_BYTES } from './bit-matrix'

/**
 * The hash of every column of a bit matrix, for the consistency check: mask ⊕ Σ chi_j·block_j in GF(2^128) with the
 * polynomial x^128 + x^7 + x^2 + x + 1. Bit k of an element is the coefficient of x^k. A block is 128 extended rows, and the
 * last one is padded with zeros. The mask is the 128 rows after them.
 *
 * Multiplication by a public element is a linear map, so it is computed on rows: a row of an accumulator has one
 * coefficient of all 128 columns.
 */

const BLOCK_ROWS: i32 = 128
/** A product before its reduction, of degree up to 254. */
const PRODUCT = memory.data(4096, 16)
const PRODUCT_BYTES: i32 = 4096

/**
 * Hashes all columns. Row m of `out` (128 rows) has bit m of every column's hash. The executed instructions do not depend on
 * the input, not even on the challenges, which are public.
 *
 * @param challenges an element of 16 bytes for each block
 * @param extended the number of rows without those of the mask
 */
export function hashColumns(out: usize, rows: usize, challenges: usize, extended: i32): void {
  memory.fill(PRODUCT, 0, PRODUCT_BYTES)
  for (let block = 0; block * BLOCK_ROWS < extended; block++) {
    const first = rows + block * BLOCK_ROWS * ROW_BYTES
    const count = min(BLOCK_ROWS, extended - block * BLOCK_ROWS)
    const challenge = challenges + block * 16
    for (let bit = 0; bit < 128; bit += 4) {
      const bits = load<u8>(challenge + (bit >> 3)) >> (<u8>(bit & 7))
      addMultiples(PRODUCT + bit * ROW_BYTES, first, count, bits)
    }
  }

  // Reduces by x^128 = x^7 + x^2 + x + 1 from the highest power down, since a reduced term may exceed x^127 again.
  for (let at = PRODUCT + 254 * ROW_BYTES; at >= PRODUCT + 128 * ROW_BYTES; at -= ROW_BYTES) {
    const high = v128.load(at)
    const low = at - 128 * ROW_BYTES
    v128.store(low, v128.xor(v128.load(low), high))
    v128.store(low, v128.xor(v128.load(low, 1 * 16), high), 1 * 16)
    v128.store(low, v128.xor(v128.load(low, 2 * 16), high), 2 * 16)
    v128.store(low, v128.xor(v128.load(low, 7 * 16), high), 7 * 16)
  }
  const mask = rows + extended * ROW_BYTES
  for (let offset: usize = 0; offset < <usize>(COLUMNS * ROW_BYTES); offset += ROW_BYTES) {
    v128.store(out + offset, v128.xor(v128.load(PRODUCT + offset), v128.load(mask + offset)))
  }
  memory.fill(PRODUCT, 0, PRODUCT_BYTES)
}

/** product += (b0 + b1·x + b2·x² + b3·x³)·element, where the rows are the coefficients of the element. */
function addMultiples(product: usize, rows: usize, count: i32, bits: u32): void {
  const mask0 = i64x2.splat(-(<i64>(bits & 1)))
  const mask1 = i64x2.splat(-(<i64>((bits >> 1) & 1)))
  const mask2 = i64x2.splat(-(<i64>((bits >> 2) & 1)))
  const mask3 = i64x2.splat(-(<i64>((bits >> 3) & 1)))
  let row1 = i64x2.splat(0)
  let row2 = i64x2.splat(0)
  let row3 = i64x2.splat(0)
  let to = product
  for (let at = rows; at < rows + <usize>count * ROW_BYTES; at += ROW_BYTES) {
    const row = v128.load(at)
    const low = v128.xor(v128.and(row, mask0), v128.and(row1, mask1))
    const high = v128.xor(v128.and(row2, mask2), v128.and(row3, mask3))
    v128.store(to, v128.xor(v128.load(to), v128.xor(low, high)))
    row3 = row2
    row2 = row1
    row1 = row
    to += ROW_BYTES
  }
  const low = v128.xor(v128.and(row1, mask1), v128.and(row2, mask2))
  v128.store(to, v128.xor(v128.load(to), v128.xor(low, v128.and(row3, mask3))))
  v128.store(to, v128.xor(v128.load(to, 16), v128.xor(v128.and(row1, mask2), v128.and(row2, mask3))), 16)
  v128.store(to, v128.xor(v128.load(to, 32), v128.and(row1, mask3)), 32)
}
