import { ALPHABET, COMMON, TEXT } from './generated.ts'

/** How many characters of the alphabet begin a pair; the others stand for one of the common bytes each. */
const PREFIXES = ALPHABET.length - COMMON.length

/**
 * The bytes of the module, from the text that scripts/pack-wasm.mjs made of them.
 *
 * It runs once, before any engine has compiled it: a loop over bytes takes a third of the time of one over characters.
 */
export function wasmBytes(): Uint8Array<ArrayBuffer> {
  const places = new Uint8Array(128)
  const values = new Uint8Array(128)
  for (let i = 0; i < ALPHABET.length; i++) {
    const code = ALPHABET.charCodeAt(i)
    places[code] = i
    values[code] = COMMON[i - PREFIXES] ?? 0
  }
  const codes = new TextEncoder().encode(TEXT)
  let length = 0
  // Nothing is written over that is still to be read.
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number
    const place = places[code] as number
    codes[length++] =
      place < PREFIXES ? place * ALPHABET.length + (places[codes[++i] as number] as number) : (values[code] as number)
  }
  return codes.subarray(0, length)
}
