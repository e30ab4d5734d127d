import { createHash } from 'node:crypto'
import { fromUtf8, utf8 } from '../../util/bytes.ts'

const ENDING = '.share'

/** Leaves room for what is put behind it: file systems take names of 255 bytes. */
const MAX_ESCAPED_LENGTH = 160

/**
 * The name of a key's file: `k-` and the key, each byte that is not a lower-case letter, a digit or `-` as `_` and two
 * hex digits; `h-` and the SHA-256 of a key that would make too long a name. File systems may see no difference between
 * upper and lower case.
 *
 * A damaged file still says by its name whose it is.
 */
export function fileName(key: string): string {
  const escaped = escape(key)
  if (escaped.length <= MAX_ESCAPED_LENGTH) return `k-${escaped}${ENDING}`
  return `h-${createHash('sha256').update(key, 'utf8').digest('hex')}${ENDING}`
}

/** Whether a file of this name is a key's. */
export function isKeyFile(name: string): boolean {
  return name.endsWith(ENDING)
}

/** The key that a file's name tells, or undefined: the record in the file tells it. */
export function keyOf(name: string): string | undefined {
  const escaped = /^k-((?:[a-z0-9-]|_[0-9a-f]{2})+)\.share$/.exec(name)?.[1]
  if (escaped === undefined) return undefined
  try {
    const key = fromUtf8(unescape(escaped))
    return fileName(key) === name ? key : undefined
  } catch {
    return undefined
  }
}

function escape(key: string): string {
  let escaped = ''
  for (const byte of utf8(key)) {
    const character = String.fromCharCode(byte)
    escaped += /[a-z0-9-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`
  }
  return escaped
}

function unescape(escaped: string): Uint8Array {
  const parts = escaped.match(/_..|./g) ?? []
  return Uint8Array.from(parts, (part) => (part.length === 1 ? part.charCodeAt(0) : Number.parseInt(part.slice(1), 16)))
}
