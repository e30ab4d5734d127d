// @ts-check
// Writes a module as text that lies in a JavaScript string without escapes, and that compresses nearly as well as the
// bytes themselves: what repeats in the bytes repeats in the text, since each byte always gives the same characters.
// src/wasm/text.ts reads it with assembly/unpack.

/** Printable ASCII, without what quotes, templates, escapes or HTML give a meaning. */
const ALPHABET = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i)).replace(/['"`\\$<]/g, '')

/** The first characters of the alphabet begin a pair, which stands for any byte; enough of them for all 256. */
const PREFIXES = Math.ceil(256 / ALPHABET.length)

/**
 * The bytes that are most frequent take one character each, and all others two.
 *
 * @param {Uint8Array} bytes
 * @returns {{ alphabet: string, common: number[], text: string }}
 */
export function packWasm(bytes) {
  const counts = new Uint32Array(256)
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1
  const byCount = Array.from(counts.keys()).sort((a, b) => Number(counts[b]) - Number(counts[a]) || a - b)
  const common = byCount.slice(0, ALPHABET.length - PREFIXES)
  const characters = Array.from({ length: 256 }, (_, byte) => {
    const place = common.indexOf(byte)
    if (place >= 0) return ALPHABET.charAt(PREFIXES + place)
    return ALPHABET.charAt(Math.floor(byte / ALPHABET.length)) + ALPHABET.charAt(byte % ALPHABET.length)
  })
  return { alphabet: ALPHABET, common, text: Array.from(bytes, (byte) => characters[byte]).join('') }
}
