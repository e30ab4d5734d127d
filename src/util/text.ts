/**
 * What one kind of text from outside may be. All of it is well-formed Unicode without control characters and
 * noncharacters: what holds half of a surrogate pair has no UTF-8, so that two such texts become one on their way, and
 * neither is JSON to PostgreSQL.
 *
 * A name is refused rather than brought into another form: whoever compares it later, in another program or database, would
 * not know of it.
 */
export interface TextRule {
  /** The least and the most UTF-16 code units: what `length` counts in JavaScript. */
  readonly least: number
  readonly most: number
  /**
   * `statement` may have tabs and ends of lines, a `line` neither. A `label` is one line that people read: in normal form C, without
   * characters that are not seen or that change the order of others. An `id` is one, too, and says the same in the path of
   * a URL: it is not `.` or `..`, and does not have U+FFFD, which stands for what was lost.
   */
  readonly kind: 'statement' | 'line' | 'label' | 'id'
}

/** What an app calls one of its clients or users. */
export const ID: TextRule = { kind: 'id', least: 1, most: 256 }

/** What a device calls itself; it may say nothing. */
export const LABEL: TextRule = { kind: 'label', least: 0, most: 128 }

/** What an environment variable or an argument of a program says. */
export const SETTING: TextRule = { kind: 'line', least: 1, most: 65_536 }

/** What an app's `authorizeExport` judges. */
export const AUTHORIZATION: TextRule = { kind: 'statement', least: 1, most: 4096 }

/**
 * Asserts text from outside.
 *
 * @throws {TypeError} if it is not a string
 * @throws {RangeError} if it is not what the rule allows; the message does not repeat it
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

/** Whether no surrogate is without its other half. As `isWellFormed` of a string, which not every engine has. */
export function isWellFormed(text: string): boolean {
  return !some(text, isSurrogate)
}

function findFault(text: string, { kind, least, most }: TextRule): string | undefined {
  // First, so that nothing long is looked through.
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

// Ranges rather than property escapes: not every engine that clients run in knows those.

/** A code point of this range stands alone: those of a pair were read as one. */
function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff
}

/** RFC 9839 §4.3: all that is not among the Unicode Assignables. */
function isRefused(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint !== 0x09 && codePoint !== 0x0a && codePoint !== 0x0d
  if (codePoint >= 0x7f && codePoint <= 0x9f) return true
  // Noncharacters: the last two of each plane, and 32 besides.
  return (codePoint & 0xfffe) === 0xfffe || (codePoint >= 0xfdd0 && codePoint <= 0xfdef)
}

/**
 * Soft hyphens, zero-width spaces, byte order marks, ends of lines, and what changes the direction of text. Joiners, variation
 * selectors and tags stay: scripts and emoji are written with them.
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
