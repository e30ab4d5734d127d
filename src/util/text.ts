/**
 * The rule for one kind of text from outside. Every text must be well-formed Unicode without control characters and
 * noncharacters. A text with an unpaired surrogate has no UTF-8 encoding: two different ones would become the same, and
 * PostgreSQL does not accept them as JSON.
 *
 * A name that breaks the rule is refused, not normalized: another program or database that compares it later would not
 * normalize it.
 */
export interface TextRule {
  /** Minimum number of UTF-16 code units, which is what `length` counts in JavaScript. */
  readonly least: number
  /** Maximum number of UTF-16 code units. */
  readonly most: number
  /**
   * - `statement`: may have tabs and line breaks;
   * - `line`: has neither;
   * - `label`: a line for people to read, in normal form C, without invisible characters or those that reorder others;
   * - `id`: a label that can be used in the path of a URL. It is not `.` or `..`, and does not have U+FFFD, the replacement
   *   character.
   */
  readonly kind: 'statement' | 'line' | 'label' | 'id'
}

/** An app's id of one of its clients or users. */
export const ID: TextRule = { kind: 'id', least: 1, most: 256 }

/** A device's label. May be empty. */
export const LABEL: TextRule = { kind: 'label', least: 0, most: 128 }

/** The value of an environment variable or a program argument. */
export const SETTING: TextRule = { kind: 'line', least: 1, most: 65_536 }

/** A sealed backup, as a custodian stores it. */
export const CIPHER_TEXT: TextRule = { kind: 'statement', least: 1, most: 128 * 1024 }

/** The text that an app's `authorizeExport` checks. */
export const AUTHORIZATION: TextRule = { kind: 'statement', least: 1, most: 4096 }

/**
 * Asserts text from outside.
 *
 * @throws {TypeError} if it is not a string
 * @param name of the argument, for errors
 * @throws {RangeError} if the rule does not allow it. The message does not contain the text.
 */
export function checkText(value: unknown, rule: TextRule, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
  const fault = findFault(value, rule)
  if (fault !== undefined) throw new RangeError(`${name} ${fault}`)
  return value
}

/** Whether this is text that the rule allows. */
export function isText(value: unknown, rule: TextRule): value is string {
  return typeof value === 'string' && findFault(value, rule) === undefined
}

/** Whether there is no unpaired surrogate. Like `String.prototype.isWellFormed`, which not every engine has. */
export function isWellFormed(text: string): boolean {
  return !some(text, isSurrogate)
}

function findFault(text: string, { kind, least, most }: TextRule): string | undefined {
  // First, so that long texts are not searched.
  if (text.length < least || text.length > most) return `must have ${least} to ${most} UTF-16 code units`
  if (!isWellFormed(text)) return 'must be well-formed Unicode: it has half of a surrogate pair'
  if (some(text, REFUSED[kind])) return 'must not have control characters or others that are not seen'
  if (kind === 'statement' || kind === 'line') return undefined
  if (text.normalize('NFC') !== text) return "must be in Unicode's normal form C, as normalize() makes it"
  if (kind === 'label') return undefined
  if (text.includes('\ufffd')) return 'must not have U+FFFD, which stands for what was lost'
  return text === '.' || text === '..' ? 'must not be a dot segment' : undefined
}

function some(text: string, is: (codePoint: number) => boolean): boolean {
  for (const character of text) if (is(character.codePointAt(0) as number)) return true
  return false
}

// Ranges are used instead of property escapes, which not every engine supports.

/** A code point in this range is an unpaired surrogate: a pair is read as one code point. */
function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff
}

/** Whether a code point is not one of the Unicode Assignables (RFC 9839 §4.3). */
function isRefused(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint !== 0x09 && codePoint !== 0x0a && codePoint !== 0x0d
  if (codePoint >= 0x7f && codePoint <= 0x9f) return true
  // Noncharacters: the last two of each plane, and 32 others.
  return (codePoint & 0xfffe) === 0xfffe || (codePoint >= 0xfdd0 && codePoint <= 0xfdef)
}

/**
 * Soft hyphens, zero-width spaces, byte order marks, line breaks, and characters that change the direction of text. Joiners,
 * variation selectors and tags are allowed, because scripts and emoji need them.
 */
const UNSEEN: readonly (readonly [from: number, to: number])[] = [
  [0x00ad, 0x00ad],
  [0x061c, 0x061c],
  [0x200b, 0x200b],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
]

function isRefusedInName(codePoint: number): boolean {
  if (isRefusedInLine(codePoint)) return true
  return UNSEEN.some(([from, to]) => codePoint >= from && codePoint <= to)
}

function isRefusedInLine(codePoint: number): boolean {
  return codePoint < 0x20 || isRefused(codePoint)
}

const REFUSED: Readonly<Record<TextRule['kind'], (codePoint: number) => boolean>> = {
  statement: isRefused,
  line: isRefusedInLine,
  label: isRefusedInName,
  id: isRefusedInName,
}
