import { sha256 } from '../../symmetric/sha256.ts'
import { concatBytes } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const CHECKSUM_BYTES = 4

/**
 * Encodes public bytes as Base58Check: base 58 of the bytes, followed by the first four bytes of their double SHA-256.
 */
export function encodeBase58Check(bytes: Uint8Array): string {
  const checked = concatBytes(bytes, checksum(bytes))
  let value = checked.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  let text = ''
  for (; value > 0n; value /= 58n) text = (ALPHABET[Number(value % 58n)] as string) + text
  return '1'.repeat(checked.findIndex((byte) => byte !== 0)) + text
}

/**
 * Decodes Base58Check of `length` bytes.
 *
 * @throws {CodecError} if the length or the checksum is wrong, or a character is not of the alphabet
 */
export function decodeBase58Check(text: string, length: number): Uint8Array {
  let value = 0n
  for (const character of text) {
    const digit = ALPHABET.indexOf(character)
    if (digit < 0) throw new CodecError('not a base 58 character')
    value = value * 58n + BigInt(digit)
  }
  const checked = new Uint8Array(length + CHECKSUM_BYTES)
  for (let i = checked.length - 1; i >= 0; i--, value >>= 8n) checked[i] = Number(value & 0xffn)
  const bytes = checked.subarray(0, length)
  // Each byte string has one encoding. Comparing it checks length, checksum and leading ones (one per leading zero byte).
  if (encodeBase58Check(bytes) !== text) throw new CodecError(`not the Base58Check of ${length} bytes`)
  return bytes
}

function checksum(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes)).subarray(0, CHECKSUM_BYTES)
}
