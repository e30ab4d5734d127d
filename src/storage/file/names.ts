import { createHash } from 'node:crypto'
import { fromUtf8, utf8 } from '../../util/bytes.ts'

const ENDING = '.share'

/** Leaves space for the suffixes of claims and temporary files: file systems allow names of 255 bytes. */
const MAX_ESCAPED_LENGTH = 160

/**
 * The name of a key's file: `k-` and the escaped key. A byte that is not a lower-case letter, a digit or `-` becomes `_` and
 * two hex digits, since a file system may ignore case. If the name would be too long, it is `h-` and the SHA-256 of the
 * key.
 *
 * So the name of a damaged file still tells its key.
 */
export function fileName(key: string): string {
  const escaped = escape(key)
  if (escaped.length <= MAX_ESCAPED_LENGTH) return `k-${escaped}${ENDING}`
  return `h-${createHash('sha256').update(key, 'utf8').digest('hex')}${ENDING}`
}

/** Whether a file of this name belongs to a key. */
export function isKeyFile(name: string): boolean {
  return name.endsWith(ENDING)
}

/** The key in a file's name, or undefined if the name is a hash: then only the record in the file has the key. */
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
