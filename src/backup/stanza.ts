import { fromBase64, toBase64 } from '../util/bytes.ts'

/** A stanza argument: base64 without padding (C2SP age v1, "Header"). */
export function encodeArgument(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('=', '')
}

/**
 * The bytes of a stanza argument.
 *
 * @throws {TypeError} if the text is not the one encoding of its bytes
 */
export function decodeArgument(text: string): Uint8Array {
  if (text.includes('=')) throw new TypeError('a stanza argument has no padding')
  return fromBase64(text + '='.repeat((4 - (text.length % 4)) % 4))
}
