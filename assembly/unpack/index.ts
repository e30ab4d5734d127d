// A separate module that decodes the text of the other one (scripts/pack-wasm.mjs, src/wasm/text.ts). An engine compiles it
// in a tenth of a millisecond. The same loop in JavaScript takes three milliseconds, since no engine has compiled it yet.

/** By character code: the index of the character in the alphabet. */
const PLACES: usize = 0
/** By character code: the byte that the character encodes by itself. */
const VALUES: usize = 128
/** Offset of the text. It is decoded in place: the output never overtakes the input. */
const TEXT: usize = 256

/**
 * Decodes the text in place.
 *
 * @param length the length of the text, one byte per character
 * @param prefixes how many characters, the first of the alphabet, start a pair that encodes a byte
 * @returns the number of decoded bytes
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
