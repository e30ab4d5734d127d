import { describe, expect, test } from 'vitest'
import {
  AUTHORIZATION,
  checkText,
  ID,
  isText,
  isWellFormed,
  LABEL,
  SETTING,
  type TextRule,
} from '../../src/util/text.ts'
import { seededRandom } from '../support/random.ts'

const RULES = { ID, LABEL, AUTHORIZATION }

/** How a character fares in each kind of text. */
const EVERYWHERE = { ID: true, LABEL: true, AUTHORIZATION: true }
const NOWHERE = { ID: false, LABEL: false, AUTHORIZATION: false }
const STATEMENTS = { ID: false, LABEL: false, AUTHORIZATION: true }
const NOT_IDS = { ID: false, LABEL: true, AUTHORIZATION: true }

const CHARACTERS: readonly [name: string, text: string, allowed: Record<keyof typeof RULES, boolean>][] = [
  ['ASCII', 'a.b-c_d@e|f/g:h 0', EVERYWHERE],
  ['the first and the last of ASCII', ' ~', EVERYWHERE],
  ['the first after the controls', '\u00a0', EVERYWHERE],
  ['a letter of Latin', 'é', EVERYWHERE],
  ['Persian with a non-joiner', 'می\u200cخواهم', EVERYWHERE],
  ['an emoji', '📱', EVERYWHERE],
  ['an emoji of several, with joiners', '👩‍👩‍👧', EVERYWHERE],
  ['a flag with tags', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', EVERYWHERE],
  ['a heart with its variation selector', '❤️', EVERYWHERE],
  ['private use', '\ue000\u{10fffd}', EVERYWHERE],
  ['U+FFFD', '\ufffd', NOT_IDS],
  ['tab', '\t', STATEMENTS],
  ['line feed', '\n', STATEMENTS],
  ['carriage return', '\r', STATEMENTS],
  ['decomposed', 'e\u0301', STATEMENTS],
  ['a singleton', '\u212b', STATEMENTS],
  ['a zero-width space', '\u200b', STATEMENTS],
  ['right to left mark', '\u200f', STATEMENTS],
  ['Arabic letter mark', '\u061c', STATEMENTS],
  ['right to left override', '\u202e', STATEMENTS],
  ['an isolate', '\u2068', STATEMENTS],
  ['the last isolate', '\u2069', STATEMENTS],
  ['line separator', '\u2028', STATEMENTS],
  ['word joiner', '\u2060', STATEMENTS],
  ['a deprecated format character', '\u206f', STATEMENTS],
  ['byte order mark', '\ufeff', STATEMENTS],
  ['soft hyphen', '\u00ad', STATEMENTS],
  ['interlinear annotation', '\ufff9\ufffb', STATEMENTS],
  ['NUL', '\u0000', NOWHERE],
  ['the last of C0', '\u001f', NOWHERE],
  ['escape', '\u001b', NOWHERE],
  ['DEL', '\u007f', NOWHERE],
  ['the first of C1', '\u0080', NOWHERE],
  ['the last of C1', '\u009f', NOWHERE],
  ['U+FFFE', '\ufffe', NOWHERE],
  ['U+FFFF', '\uffff', NOWHERE],
  ['the first noncharacter', '\ufdd0', NOWHERE],
  ['the last of these', '\ufdef', NOWHERE],
  ['a noncharacter of a plane', '\u{1fffe}', NOWHERE],
  ['the last of all', '\u{10ffff}', NOWHERE],
  ['the first half of a pair', '\ud83d', NOWHERE],
  ['the second half of a pair', '\udc00', NOWHERE],
  ['halves in the wrong order', '\udc00\ud83d', NOWHERE],
]

describe('characters', () => {
  test.each(CHARACTERS)('%s', (_, text, allowed) => {
    for (const [name, rule] of Object.entries(RULES)) {
      for (const around of [text, `|${text}`, `${text}|`, `|${text}|`]) {
        expect([name, isText(around, rule)]).toEqual([name, allowed[name as keyof typeof RULES]])
      }
    }
  })

  test('an id is no dot segment of a path', () => {
    for (const text of ['.', '..']) {
      expect(isText(text, ID)).toBe(false)
      expect(isText(text, LABEL)).toBe(true)
    }
    for (const text of ['...', '.a', 'a.']) expect(isText(text, ID)).toBe(true)
  })
})

test('a setting is one line of whatever a statement may have', () => {
  for (const [name, text, { AUTHORIZATION: allowed }] of CHARACTERS) {
    expect([name, isText(`a${text}b`, SETTING)]).toEqual([name, allowed && !/[\t\n\r]/.test(text)])
  }
  expect(isText('', SETTING)).toBe(false)
})

describe('length', () => {
  test.each(Object.entries(RULES))('%s in UTF-16 code units', (_, rule) => {
    const { least, most } = rule
    expect(isText('x'.repeat(most), rule)).toBe(true)
    expect(isText('x'.repeat(most + 1), rule)).toBe(false)
    expect(isText('📱'.repeat(most / 2), rule)).toBe(true)
    expect(isText(`x${'📱'.repeat(most / 2)}`, rule)).toBe(false)
    expect(isText('', rule)).toBe(least === 0)
  })

  test('an id and an authorization say something, a label may say nothing', () => {
    expect([ID.least, LABEL.least, AUTHORIZATION.least]).toEqual([1, 0, 1])
  })
})

describe('what is told', () => {
  test('the text is given back as it came', () => {
    expect(checkText('Ann’s 📱', LABEL, 'label')).toBe('Ann’s 📱')
  })

  test.each([undefined, null, 5, {}, ['a'], Symbol('a'), Object('a')])('%s is no string', (value) => {
    expect(() => checkText(value, ID, 'userId')).toThrow(new TypeError('userId must be a string'))
    expect(isText(value, ID)).toBe(false)
  })

  test.each([
    ['', ID, 'must have 1 to 256 UTF-16 code units'],
    ['x'.repeat(129), LABEL, 'must have 0 to 128 UTF-16 code units'],
    ['a\ud83d', LABEL, 'must be well-formed Unicode: it has half of a surrogate pair'],
    ['a\u0000', LABEL, 'must not have control characters or others that are not seen'],
    ['e\u0301', ID, "must be in Unicode's normal form C, as normalize() makes it"],
    ['a\ufffd', ID, 'must not have U+FFFD, which stands for what was lost'],
    ['..', ID, 'must not be a dot segment'],
  ] satisfies [string, TextRule, string][])('%j: what is wrong, and not the text', (text, rule, message) => {
    expect(() => checkText(text, rule, 'the name')).toThrow(new RangeError(`the name ${message}`))
  })
})

describe('well-formed text', () => {
  test('is what encodes to UTF-8 and comes back', () => {
    const random = seededRandom()
    const [encoder, decoder] = [new TextEncoder(), new TextDecoder('utf-8', { ignoreBOM: true })]
    const unit = () => random.pick([0x61, random.int(0xd800, 0xdbff), random.int(0xdc00, 0xdfff)])
    for (let i = 0; i < 3000; i++) {
      const units = Array.from({ length: 1 + (i % 6) }, unit)
      const text = String.fromCharCode(...units)
      expect([text, isWellFormed(text)]).toEqual([text, decoder.decode(encoder.encode(text)) === text])
    }
  })
})
