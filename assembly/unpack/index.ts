// A separate module that unpacks the other one from its text (scripts/pack-wasm.mjs, src/wasm/text.ts): LZ77 with the adaptive
// bits and the range coder of LZMA, whose digits are characters in place of bytes. An engine compiles it in some tenths of a
// millisecond. In JavaScript the same loops are slow, since no engine has compiled them yet.
import { bit, digits, number } from './decoder'
import { DISTANCES, KINDS, LENGTHS, LITERALS, NUMBER, OUTPUT, REPEATED, SECOND } from './layout'

/** Offset of the next byte of the output. */
let to: usize = 0

/** The distances of the last copy, and of the one before it that had another. */
let distance: u32 = 1
let other: u32 = 1

/**
 * Unpacks the text at INPUT to OUTPUT.
 *
 * @param length of the output in bytes
 * @returns the offset of the output
 */
export function unpack(length: u32): usize {
  digits()
  to = OUTPUT
  let copied: u32 = 0
  while (to < OUTPUT + length) {
    if (bit(KINDS + (copied << 8) + load<u8>(to - 1))) {
      copy(copied)
      copied = 1
    } else {
      literal(copied)
      copied = 0
    }
  }
  return OUTPUT
}

function copy(copied: u32): void {
  let length: u32
  if (bit(REPEATED + copied)) {
    if (bit(SECOND)) {
      const last = distance
      distance = other
      other = last
    }
    length = number(LENGTHS + NUMBER)
  } else {
    length = number(LENGTHS) + 1
    other = distance
    distance = number(DISTANCES + NUMBER * min<u32>(length - 2, 3))
  }
  // Byte by byte: what is copied may overlap what it is copied to.
  for (const end = to + length; to < end; to++) store<u8>(to, load<u8>(to - distance))
}

/** A byte, whose bits have contexts of their own after a copy as long as they are those that the copy would have had next. */
function literal(copied: u32): void {
  const contexts = LITERALS + 768 * ((<u32>load<u8>(to - 1)) >> 5)
  let expected = <u32>load<u8>(to - distance)
  let asExpected = copied << 8
  let byte: u32 = 1
  while (byte < 256) {
    expected <<= 1
    const next = expected & asExpected
    const value = bit(contexts + asExpected + next + byte)
    asExpected &= value ? next : ~next
    byte = (byte << 1) | value
  }
  store<u8>(to++, byte)
}
