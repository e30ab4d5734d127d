import { fromBase64, toBase64 } from '../util/bytes.ts'

// The ASCII armour of age files (C2SP age v1, "ASCII armor"): lines of 48 bytes in base64.

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----'
const END = '-----END AGE ENCRYPTED FILE-----'
const LINE = 64

/** Length of the longest cipherText, in characters. */
export const MAX_CIPHER_TEXT_LENGTH: number = 1 << 20

export function encodeArmor(file: Uint8Array): string {
  const lines = toBase64(file).match(/.{1,64}/g) ?? []
  return [BEGIN, ...lines, END, ''].join('\n')
}

/**
 * The file in an armour. White space around it does not count, and lines may end in CRLF.
 *
 * @throws {Error} for anything else
 */
export function decodeArmor(text: string): Uint8Array {
  const lines = text.trim().replaceAll('\r\n', '\n').split('\n')
  if (lines.shift() !== BEGIN || lines.pop() !== END) throw new TypeError('not in ASCII armour')
  const last = lines.at(-1) ?? ''
  if (last.length === 0 || last.length > LINE || lines.slice(0, -1).some((line) => line.length !== LINE)) {
    throw new TypeError('a line of the armour has another length')
  }
  return fromBase64(lines.join(''))
}
