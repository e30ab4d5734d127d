import { COLUMNS, ROW_BYTES } from './bit-matrix'

/**
 * The consistency check's hash of every column of a bit matrix: mask ⊕ Σ chi_j·block_j in GF(2^128), with the polynomial
 * x^128 + x^7 + x^2 + x + 1 and bit k of an element as the coefficient of x^k. Blocks 0 … 3 are rows 0 … 415 (the last
 * one 32 rows, padded with zeros), the mask is rows 416 … 543.
 *
 * A product by a public element is a linear map, so it is computed on rows: a row of an accumulator holds one
 * coefficient of all 128 columns.
 */

const BLOCK_ROWS: i32 = 128
const EXTENDED_ROWS: i32 = 416
/** Products have degrees up to 254. */
const PRODUCT = memory.data(4096, 16)
const PRODUCT_BYTES: i32 = 4096

/**
 * Hashes all columns: row m of `out` (128 rows) holds bit m of every column's hash. Variable time in the public
 * challenges only.
 *
 * @param challenges four elements of 16 bytes, public
 */
export function hashColumnsVar(out: usize, rows: usize, challenges: usize): void {
  memory.fill(PRODUCT, 0, PRODUCT_BYTES)
  for (let block = 0; block < 4; block++) {
    const first = block * BLOCK_ROWS
    const last = min(first + BLOCK_ROWS, EXTENDED_ROWS)
    const challenge = challenges + block * 16
    for (let bit = 0; bit < 128; bit++) {
      if (((load<u8>(challenge + (bit >> 3)) >> (<u8>(bit & 7))) & 1) === 0) continue
      let to = PRODUCT + bit * ROW_BYTES
      for (let from = rows + first * ROW_BYTES; from < rows + last * ROW_BYTES; from += ROW_BYTES) {
        v128.store(to, v128.xor(v128.load(to), v128.load(from)))
        to += ROW_BYTES
      }
    }
  }

  // x^128 = x^7 + x^2 + x + 1, from the top down, since a fold may land above x^127 again.
  for (let at = PRODUCT + 254 * ROW_BYTES; at >= PRODUCT + 128 * ROW_BYTES; at -= ROW_BYTES) {
    const high = v128.load(at)
    const low = at - 128 * ROW_BYTES
    v128.store(low, v128.xor(v128.load(low), high))
    v128.store(low, v128.xor(v128.load(low, 1 * 16), high), 1 * 16)
    v128.store(low, v128.xor(v128.load(low, 2 * 16), high), 2 * 16)
    v128.store(low, v128.xor(v128.load(low, 7 * 16), high), 7 * 16)
  }
  const mask = rows + EXTENDED_ROWS * ROW_BYTES
  for (let offset: usize = 0; offset < <usize>(COLUMNS * ROW_BYTES); offset += ROW_BYTES) {
    v128.store(out + offset, v128.xor(v128.load(PRODUCT + offset), v128.load(mask + offset)))
  }
  memory.fill(PRODUCT, 0, PRODUCT_BYTES)
}
