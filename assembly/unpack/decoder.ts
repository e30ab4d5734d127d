// A binary range decoder with adaptive probabilities, as LZMA has it.
import { CONTEXTS, INPUT } from './layout'

/** Below 2^30, and from 2^24 on whenever a bit is decoded. */
let range: u32 = 0
let code: u32 = 0
let from: usize = INPUT

/** Begins to read. */
export function digits(): void {
  for (let context: usize = 0; context < CONTEXTS; context++) store<u32>(context << 2, 0x80008000)
  for (; from < INPUT + 5; from++) code = (code << 6) | digit()
  range = (1 << 30) - 1
}

/** The six bits of a character: from '=' to '~', without the backslash and the backtick. */
@inline
function digit(): u32 {
  const character = <u32>load<u8>(from)
  return character - 61 - u32(character > 92) - u32(character > 96)
}

/** A bit. The probability of 1 is the mean of two, of which one adapts faster. */
export function bit(context: usize): u32 {
  const at = context << 2
  const fast = <u32>load<u16>(at)
  const slow = <u32>load<u16>(at, 2)
  const bound = (range >> 12) * ((fast + slow) >> 5)
  const value = u32(code < bound)
  if (value) {
    range = bound
    store<u16>(at, fast + ((0xffff - fast) >> 4))
    store<u16>(at, slow + ((0xffff - slow) >> 6), 2)
  } else {
    range -= bound
    code -= bound
    store<u16>(at, fast - (fast >> 4))
    store<u16>(at, slow - (slow >> 6), 2)
  }
  for (; range < 1 << 24; from++) {
    range <<= 6
    code = (code << 6) | digit()
  }
  return value
}

/** A number from 1 on: how many bits it has below the highest, and these. */
export function number(contexts: u32): u32 {
  let length: u32 = 1
  while (length < 32) length = (length << 1) | bit(contexts + length)
  length -= 32
  const bits = contexts + 32 + (length << 5)
  let value: u32 = 1
  while (length > 0) value = (value << 1) | bit(bits + --length)
  return value
}
