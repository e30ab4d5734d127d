import { describe, expect, test, vi } from 'vitest'
import {
  abytes,
  isBytes,
  concatBytes,
  allSame,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  toBase64,
  toHex,
  utf8,
  wipe,
} from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('concatBytes', () => {
  test('joins in order, empty parts included', () => {
    expect(concatBytes(bytes(1, 2), bytes(), bytes(3))).toEqual(bytes(1, 2, 3))
    expect(concatBytes()).toEqual(bytes())
  })

  test('copies, so that a later change of a part does not show', () => {
    const part = bytes(1)
    const joined = concatBytes(part)
    part[0] = 9
    expect(joined).toEqual(bytes(1))
  })
})

describe('allSame', () => {
  test('tells bytes that are all the same', () => {
    for (const same of [bytes(), bytes(7), bytes(0, 0, 0), bytes(255, 255)]) expect(allSame(same)).toBe(true)
    for (const other of [bytes(0, 0, 1), bytes(128, 0, 0), bytes(5, 6, 5)]) expect(allSame(other)).toBe(false)
  })
})

describe('equalBytes', () => {
  test('compares contents and length', () => {
    expect(equalBytes(bytes(1, 2), bytes(1, 2))).toBe(true)
    expect(equalBytes(bytes(), bytes())).toBe(true)
    expect(equalBytes(bytes(1, 2), bytes(1, 2, 0))).toBe(false)
  })

  test('sees a difference in any one bit of any byte', () => {
    const random = seededRandom()
    const a = random(32)
    for (let bit = 0; bit < 256; bit++) {
      const b = a.slice()
      b[bit >> 3] = (b[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(equalBytes(a, b)).toBe(false)
    }
  })

  test('two differences do not cancel', () => {
    expect(equalBytes(bytes(1, 1), bytes(2, 2))).toBe(false)
  })
})

test('wipe overwrites every argument and passes over undefined', () => {
  const a = bytes(1, 2)
  const b = bytes(3)
  wipe(a, undefined, b)
  expect([...a, ...b]).toEqual([0, 0, 0])
})

test('wipe passes over memory that is gone, and asks no method of the bytes', () => {
  const gone = bytes(1)
  structuredClone(gone, { transfer: [gone.buffer] })
  const own = Object.assign(bytes(2), { fill: () => own })
  wipe(gone, own)
  expect([...own]).toEqual([0])
})

describe('abytes', () => {
  test('gives the memory of the argument', () => {
    const value = bytes(1, 2, 3).subarray(1)
    const out = abytes(value, 2, 'value')
    expect(out).toEqual(bytes(2, 3))
    out[0] = 9
    expect(value).toEqual(bytes(9, 3))
    expect(abytes(value, undefined, 'value')).toEqual(value)
  })

  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'ab'],
    ['an array', [1, 2]],
    ['a buffer', new ArrayBuffer(2)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['Uint16Array', new Uint16Array(2)],
    ['Uint8ClampedArray', new Uint8ClampedArray(2)],
    ['Int8Array', new Int8Array(2)],
    ['Float64Array', new Float64Array(2)],
    ['an object of its kind', Object.create(Uint8Array.prototype)],
    ['a proxy', new Proxy(new Uint8Array(2), {})],
    [
      'a lying object',
      { constructor: Uint8Array, BYTES_PER_ELEMENT: 1, length: 2, [Symbol.toStringTag]: 'Uint8Array' },
    ],
    ['a lying array of words', Object.assign(new Uint16Array(2), { constructor: Uint8Array })],
  ])('rejects %s by type', (_, value) => {
    expect(isBytes(value)).toBe(false)
    expect(() => abytes(value, 2, 'digest')).toThrow(new TypeError('digest must be a Uint8Array'))
  })

  test('is not misled by what a subclass or a property says', () => {
    class Lying extends Uint8Array {
      override get length() {
        return 32
      }
      override slice() {
        return new Uint8Array(32)
      }
      override subarray() {
        return new Uint8Array(32)
      }
    }
    const property = Object.defineProperty(bytes(1, 2), 'length', { value: 32 })
    for (const value of [Lying.of(1, 2), property, Object.assign(bytes(1, 2), { constructor: null })]) {
      const out = abytes(value, 2, 'value')
      expect([...out.slice(), ...out.subarray(1)]).toEqual([1, 2, 2])
      expect(Object.getPrototypeOf(out)).toBe(Uint8Array.prototype)
      expect(() => abytes(value, 32, 'value')).toThrow(new RangeError('value must be 32 bytes, got 2'))
    }
  })

  test('refuses what was transferred, which would read as empty', () => {
    const gone = new Uint8Array(2)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    expect(() => abytes(gone, undefined, 'message')).toThrow(
      new TypeError('message must be a Uint8Array whose memory is still there'),
    )
    expect(abytes(new Uint8Array(), 0, 'message')).toEqual(new Uint8Array())
  })

  test('rejects a wrong length by range, and names both', () => {
    expect(() => abytes(bytes(1), 32, 'digest')).toThrow(new RangeError('digest must be 32 bytes, got 1'))
  })
})

describe('UTF-8', () => {
  test('round trip of characters of one to four bytes', () => {
    const text = 'aé€😀'
    expect(toHex(utf8(text))).toBe('61c3a9e282acf09f9880')
    expect(fromUtf8(utf8(text))).toBe(text)
  })

  test('is encoded in the same way where there is no TextEncoder', () => {
    const random = seededRandom()
    const drawn = Array.from({ length: 200 }, () => String.fromCodePoint(random.int(0, 0x10ffff))).join('')
    const texts = [
      '',
      'aé€😀',
      '\ud83d',
      'a\udfff',
      '\udc00\ud800',
      '\x7f\x80\u07ff\u0800\uffff\u{10000}\u{10ffff}',
      drawn,
    ]
    const expected = texts.map((text) => toHex(utf8(text)))
    vi.stubGlobal('TextEncoder', undefined)
    try {
      expect(texts.map((text) => toHex(utf8(text)))).toEqual(expected)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('a byte order mark is a character like any other', () => {
    expect(fromUtf8(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })

  const NOT_UTF8 = ['ff', 'c3', 'c080', 'eda080', 'f4908080', 'e282', '80', 'f08f8080', '61ff']

  test.each(NOT_UTF8)('rejects %s, which is not UTF-8', (hex) => {
    expect(() => fromUtf8(fromHex(hex))).toThrow(TypeError)
  })

  test('is decoded in the same way where there is no TextDecoder', () => {
    const random = seededRandom()
    const drawn = String.fromCodePoint(...Array.from({ length: 200 }, () => random.int(0xe000, 0x10ffff)))
    const texts = ['', '%', '%41', 'aé€😀', '\ufeffa', '\0\x7f\x80\u07ff\u0800\uffff', drawn]
    vi.stubGlobal('TextDecoder', undefined)
    try {
      for (const text of texts) expect(fromUtf8(utf8(text))).toBe(text)
      for (const hex of NOT_UTF8) expect(() => fromUtf8(fromHex(hex)), hex).toThrow(TypeError)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('hex', () => {
  test('every byte', () => {
    const all = Uint8Array.from({ length: 256 }, (_, value) => value)
    expect(toHex(all).slice(0, 40)).toBe('000102030405060708090a0b0c0d0e0f10111213')
    expect(fromHex(toHex(all))).toEqual(all)
  })

  test.each(['A0', '0', '0g', ' 00', '00\n', '0x00'])('rejects %j', (text) => {
    expect(() => fromHex(text)).toThrow(TypeError)
  })

  test('rejects what is not a string', () => {
    expect(() => fromHex(['00'] as unknown as string)).toThrow(TypeError)
  })
})

describe('base64', () => {
  // RFC 4648 §10
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('%j is %j', (text, base64) => {
    expect(toBase64(utf8(text))).toBe(base64)
    expect(fromUtf8(fromBase64(base64))).toBe(text)
  })

  test('every three bytes of which one counts, and every four characters', () => {
    for (let value = 0; value < 256; value++) {
      for (const given of [[value], [value, 0], [0, value], [value, 0, 255], [255, value, 0], [0, 255, value]]) {
        const text = btoa(String.fromCharCode(...given))
        expect(toBase64(Uint8Array.from(given))).toBe(text)
        expect(fromBase64(text)).toEqual(Uint8Array.from(given))
      }
    }
    for (let code = 0; code < 300; code++) {
      const character = String.fromCharCode(code)
      if (/[A-Za-z0-9+/]/.test(character)) continue
      for (let at = 0; at < 4; at++) {
        const text = `AAAA${'AAAA'.slice(0, at)}${character}${'AAAA'.slice(at + 1)}`
        if (text !== 'AAAAAAA=') expect(() => fromBase64(text)).toThrow(TypeError)
      }
    }
  })

  test('more bytes than fit the arguments of one call', () => {
    const long = seededRandom()(200_000)
    expect(equalBytes(fromBase64(toBase64(long)), long)).toBe(true)
  })

  test.each([
    'Zg',
    'Zg=',
    'Zh==',
    'Zm9=',
    'Zm9v\n',
    'Z m9',
    '====',
    'Zm_v',
    'Zm9/Zm9=',
    'Zm9vZn==',
    '=',
    'A===',
    'Zg==Zg==',
  ])('rejects %j', (text) => {
    expect(() => fromBase64(text)).toThrow(TypeError)
  })
})
