// A module of its own that reads the text of the other one (scripts/pack-wasm.mjs, src/wasm/text.ts). An engine compiles
// it in a tenth of a millisecond; the same loop in JavaScript, which no engine has compiled yet, takes three.

/** By character code: the character's place in the alphabet. */
const PLACES: usize = 0
/** By character code: the byte that the character stands for by itself. */
const VALUES: usize = 128
/** Where the text begins. The bytes are written over it, never over a character that is still to be read. */
const TEXT: usize = 256

/**
 * Replaces the text by the bytes that it stands for.
 *
 * @param length of the text, one byte a character
 * @param prefixes how many characters, the first of the alphabet, begin a pair
 * @returns the number of bytes
 */
export function unpack(length: i32, alphabetLength: i32, prefixes: i32): i32 {
  const end = TEXT + <usize>length
  let to = TEXT
  for (let from = TEXT; from < end; from++) {
    const code = <usize>load<u8>(from)
    const place = <i32>load<u8>(PLACES + code)
    if (place < prefixes) store<u8>(to, place * alphabetLength + load<u8>(PLACES + load<u8>(++from)))
    else store<u8>(to, load<u8>(VALUES + code))
    to++
  }
  return <i32>(to - TEXT)
}
