// A separate module that unpacks the other one from its text (scripts/pack-wasm.mjs, src/wasm/text.ts): LZ77 and Huffman codes,
// whose digits are characters in place of bytes. An engine compiles it in a tenth of a millisecond. In JavaScript the same loops
// are slow, since no engine has compiled them yet.
import { bits, list, makeTable, symbol } from './codes'
import {
  CONTEXTS,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLES,
  LENGTHS,
  OPERANDS,
  OUTPUT,
  STEP_SYMBOLS,
  TABLE,
  TABLE_OF,
  TABLES,
} from './layout'

/**
 * Unpacks the text at INPUT to OUTPUT. Once for each instance.
 *
 * @param length of the output in bytes
 * @returns the offset of the output
 */
export function unpack(length: usize): usize {
  const steps = TABLES + TABLE
  const distances = steps + readTables(steps)
  /** The distances of the last copy, and of the one before it that had another. */
  let distance: u32 = 1
  let other: u32 = 1
  /** The last opcode, and how many of its operands are left. */
  let opcode: u32 = 0
  let operands: u32 = 0
  for (let to = OUTPUT; to < OUTPUT + length;) {
    let byte = symbol(steps + TABLE * <usize>load<u8>(TABLE_OF + 256 * operands + opcode))
    let left: u32 = 1
    const isCopy = byte > 255
    if (isCopy) {
      left = number(byte - 256)
      const ofDistance = symbol(distances + TABLE * <usize>(min<u32>(left, DISTANCE_TABLES) - 1))
      if (ofDistance > 0) {
        const last = distance
        distance = ofDistance == 1 ? other : number(ofDistance - 2)
        other = last
      }
    }
    // Byte by byte: what is copied may overlap what it is copied to.
    do {
      if (isCopy) byte = load<u8>(to - distance)
      store<u8>(to++, byte)
      if (operands == 0) {
        opcode = byte
        operands = load<u8>(OPERANDS + byte)
      } else operands -= u32(byte < 128)
    } while (--left)
  }
  return OUTPUT
}

/** Reads the lists, and makes all tables. @returns the length of those of steps in bytes */
function readTables(table: usize): usize {
  const count = bits(4)
  const distances = LENGTHS + count * STEP_SYMBOLS
  const end = distances + DISTANCE_TABLES * DISTANCE_SYMBOLS
  list(OPERANDS, end, TABLES)
  for (let lengths: usize = LENGTHS; lengths < end; table += TABLE) {
    const symbols = lengths < distances ? STEP_SYMBOLS : DISTANCE_SYMBOLS
    makeTable(table, lengths, symbols)
    lengths += symbols
  }
  return TABLE * <usize>count
}

/** A number from 1 on: its highest two bits by a symbol, then the others. */
function number(bucket: u32): u32 {
  if (bucket == 0) return 1
  const more = (bucket - 1) >> 1
  return ((3 - (bucket & 1)) << more) | bits(more)
}
