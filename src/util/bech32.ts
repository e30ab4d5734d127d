import { utf8 } from './bytes.ts'

/** The characters of Bech32 (BIP 173), by the five bits that they stand for. */
const CHARACTERS = utf8('qpzry9x8gf2tvdw0s3jn54khce6mua7l')
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
const CHECKSUM_LENGTH = 6
const INVALID = 0xff

/** Encodes bytes as Bech32 of any length, in lower case. No branch or index depends on the bytes. */
export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  const words = regroup(bytes, 8, 5, true)
  const sum = checksum([...expand(prefix), ...words, ...new Array<number>(CHECKSUM_LENGTH).fill(0)]) ^ 1
  const check = Array.from({ length: CHECKSUM_LENGTH }, (_, i) => (sum >>> (5 * (CHECKSUM_LENGTH - 1 - i))) & 31)
  return `${prefix}1${String.fromCharCode(...[...words, ...check].map(characterOf))}`
}

/**
 * Decodes Bech32 of any length, in lower or upper case. No branch or index depends on the bytes, as long as it is valid.
 *
 * @throws {TypeError} if it is not Bech32 with this prefix
 */
export function decodeBech32(prefix: string, text: string): Uint8Array {
  // Others become ASCII in lower case, such as the Kelvin sign.
  if (!/^[!-~]*$/.test(text)) throw new TypeError('it has a character that is not ASCII')
  const lower = text.toLowerCase()
  if (text !== lower && text !== text.toUpperCase()) throw new TypeError('it has lower and upper case')
  if (!lower.startsWith(`${prefix}1`)) throw new TypeError('it has another prefix')
  const words = Array.from({ length: lower.length - prefix.length - 1 }, (_, i) =>
    wordOf(lower.charCodeAt(prefix.length + 1 + i)),
  )
  const isValid = words.length >= CHECKSUM_LENGTH && words.reduce((all, word) => all | word, 0) < 32
  if (!isValid || checksum([...expand(prefix), ...words]) !== 1) throw new TypeError('its checksum is wrong')
  return Uint8Array.from(regroup(words.slice(0, -CHECKSUM_LENGTH), 5, 8, false))
}

/** All bits set if both are the same; both are below 2^31. */
const whereSame = (a: number, b: number): number => ((a ^ b) - 1) >> 31

/** The code of the character of five bits. */
function characterOf(word: number): number {
  let code = 0
  for (let i = 0; i < 32; i++) code |= (CHARACTERS[i] as number) & whereSame(i, word)
  return code
}

/** The five bits of a character, or {@link INVALID}. */
function wordOf(code: number): number {
  let word = INVALID
  for (let i = 0; i < 32; i++) word ^= (INVALID ^ i) & whereSame(CHARACTERS[i] as number, code)
  return word
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0))
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)]
}

function checksum(words: readonly number[]): number {
  let sum = 1
  for (const word of words) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ word
    for (const [bit, generator] of GENERATORS.entries()) sum ^= generator & -((top >>> bit) & 1)
  }
  return sum >>> 0
}

/** Regroups bits. The bits that are left over are padded with zeros, or must be less than a group of zeros. */
function regroup(values: Iterable<number>, from: number, to: number, pad: boolean): number[] {
  const out: number[] = []
  let bits = 0
  let held = 0
  for (const value of values) {
    bits = ((bits << from) | value) & 0xfff
    held += from
    while (held >= to) {
      held -= to
      out.push((bits >>> held) & ((1 << to) - 1))
    }
  }
  const left = bits & ((1 << held) - 1)
  if (!pad && (held >= from || left !== 0)) throw new TypeError('its padding is wrong')
  if (pad && held > 0) out.push(left << (to - held))
  return out
}
