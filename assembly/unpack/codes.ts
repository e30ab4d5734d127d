// Bits, and canonical Huffman codes in tables that are looked up by the next bits.
import { INPUT, LONGEST_CODE } from './layout'

/** The bits that were read and not used: the lowest `count` of them. */
let pending: u32 = 0
let count: u32 = 0
let from: usize = INPUT

/** The next bits, which stay. */
@inline
function peek(length: u32): u32 {
  while (count < length) {
    // From '=' to '~', without the backslash and the backtick.
    const character = <u32>load<u8>(from++)
    pending = (pending << 6) | (character - 61 - u32(character > 92) - u32(character > 96))
    count += 6
  }
  return (pending >> (count - length)) & ((1 << length) - 1)
}

/** A number of at most 16 bits. */
export function bits(length: u32): u32 {
  const value = peek(length)
  count -= length
  return value
}

/** A symbol by a table. */
export function symbol(table: usize): u32 {
  const entry = <u32>load<u16>(table + ((<usize>peek(LONGEST_CODE)) << 1))
  count -= entry & 15
  return entry >> 4
}

/** Fills a table for symbols with codes of these lengths, a byte each. */
export function makeTable(table: usize, lengths: usize, symbols: u32): void {
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    for (let symbol: u32 = 0; symbol < symbols; symbol++) {
      if (<u32>load<u8>(lengths + symbol) != length) continue
      for (const end = table + (2 << (LONGEST_CODE - length)); table < end; table += 2) {
        store<u16>(table, (symbol << 4) | length)
      }
    }
  }
}

/** Reads numbers below 14 into bytes, by a table of their own that is made at `table`. Those before are zeros. */
export function list(to: usize, end: usize, table: usize): void {
  for (let i: usize = 0; i < 16; i++) store<u8>(to + i, bits(3))
  makeTable(table, to, 16)
  memory.fill(to, 0, 16)
  while (to < end) {
    const value = symbol(table)
    if (value < 14) store<u8>(to++, value)
    else if (value == 14) to += 3 + bits(3)
    else to += 11 + bits(7)
  }
}
