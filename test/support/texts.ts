import { toHex } from '../../src/util/bytes.ts'

/** Text that no door lets through, whatever it is for. */
export const NOT_TEXTS = [
  'cut \ud83d',
  '\udc00',
  'a\u0000',
  '\u001b[2J',
  '\u007f',
  '\u0085',
  '\uffff',
  '\ufdd0',
] as const

/** Labels that no door lets through. */
export const NOT_LABELS = [
  ...NOT_TEXTS,
  'line\nbreak',
  'tab\t',
  'e\u0301',
  '\u202eenohp',
  'a\u200b',
  '\ufeffphone',
  '\u2028',
] as const

/** Names of clients and users that no door lets through. */
export const NOT_IDS = [...NOT_LABELS, '', 'x'.repeat(257), 'team\ufffd', '.', '..'] as const

/** A row, or anything else, as text in which every byte string is hex, to search it for secrets. */
export function inHex(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? toHex(part) : part))
}
