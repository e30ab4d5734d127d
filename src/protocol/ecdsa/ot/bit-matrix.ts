import { COLUMNS, ROW_BYTES } from './parameters.ts'

// Bit matrices of 128 columns. A column is a byte string whose bit p is bit p mod 8 of byte ⌊p/8⌋. Row p is 16 bytes whose
// bit i is bit p of column i.

/** Transposes 128 columns of equal length to rows of 16 bytes, concatenated. */
export function transpose(columns: readonly Uint8Array[]): Uint8Array {
  const bytes = (columns[0] as Uint8Array).length
  const rows = new Uint8Array(8 * bytes * ROW_BYTES)
  for (let i = 0; i < COLUMNS; i++) {
    const column = columns[i] as Uint8Array
    for (let p = 0; p < 8 * bytes; p++) {
      const at = p * ROW_BYTES + (i >> 3)
      rows[at] = (rows[at] as number) | ((((column[p >> 3] as number) >> (p & 7)) & 1) << (i & 7))
    }
  }
  return rows
}

/** Bit `index` of a bit string as 0 or 1. */
export function bit(bits: Uint8Array, index: number): number {
  return ((bits[index >> 3] as number) >> (index & 7)) & 1
}

const WORDS = ROW_BYTES / 4

/**
 * Hashes every column for the consistency check: mask ⊕ Σ chi_j·block_j in GF(2^128) with the polynomial
 * x^128 + x^7 + x^2 + x + 1. Bit k of an element is the coefficient of x^k. A block is 128 rows, and the last one is padded
 * with zeros. The mask is the last 128 rows of the matrix.
 *
 * Multiplication by a public element is a linear map, so it is computed on rows, for all columns at once. The time depends
 * on the challenges only, which are public.
 *
 * @param challenges chi_j, 16 bytes each, one for each block
 * @returns 128 hashes of 16 bytes
 */
export function hashColumnsVar(rows: Uint8Array, challenges: readonly Uint8Array[]): Uint8Array[] {
  const input = new Uint32Array(rows.slice().buffer)
  const product = new Uint32Array(256 * WORDS)
  const extended = rows.length / ROW_BYTES - COLUMNS
  if (challenges.length !== Math.ceil(extended / COLUMNS)) throw new RangeError('each block has one challenge')
  challenges.forEach((challenge, j) => {
    const first = COLUMNS * j * WORDS
    const count = Math.min(COLUMNS, extended - COLUMNS * j) * WORDS
    for (let k = 0; k < 128; k++) {
      if (bit(challenge, k) === 0) continue
      for (let w = 0; w < count; w++) xorInto(product, k * WORDS + w, input[first + w] as number)
    }
  })
  // Reduces by x^128 = x^7 + x^2 + x + 1 from the highest power down, since a reduced term may exceed x^127 again.
  for (let m = 254; m >= 128; m--) {
    for (let w = 0; w < WORDS; w++) {
      const high = product[m * WORDS + w] as number
      for (const power of [0, 1, 2, 7]) xorInto(product, (m - 128 + power) * WORDS + w, high)
    }
  }
  for (let w = 0; w < 128 * WORDS; w++) xorInto(product, w, input[extended * WORDS + w] as number)

  const hashed = new Uint8Array(product.buffer, 0, 128 * ROW_BYTES)
  const coefficients = Array.from({ length: 128 }, (_, m) => hashed.subarray(m * ROW_BYTES, (m + 1) * ROW_BYTES))
  const columns = transpose(coefficients)
  input.fill(0)
  product.fill(0)
  return Array.from({ length: COLUMNS }, (_, i) => columns.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES))
}

function xorInto(words: Uint32Array, at: number, value: number): void {
  words[at] = (words[at] as number) ^ value
}
