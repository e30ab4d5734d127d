import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/util/bytes.ts'
import { CodecError, Reader, Writer } from '../../src/util/codec.ts'
import { seededRandom } from '../support/random.ts'

describe('Writer', () => {
  test('writes big-endian fields one after the other', () => {
    const bytes = new Writer().u8(1).u16(0x0203).u32(0x04050607).bytes(fromHex('08')).prefixed(fromHex('090a')).finish()
    expect(toHex(bytes)).toBe('010203040506070800000002090a')
  })

  test('the ends of each range', () => {
    const bytes = new Writer().u8(0).u8(0xff).u16(0).u16(0xffff).u32(0).u32(0xffffffff).finish()
    expect(toHex(bytes)).toBe('00ff0000ffff00000000ffffffff')
  })

  test.each([-1, 256, 1.5, Number.NaN])('u8 rejects %s', (value) => {
    expect(() => new Writer().u8(value)).toThrow(RangeError)
  })

  test.each([-1, 65536, 1.5, Number.NaN])('u16 rejects %s', (value) => {
    expect(() => new Writer().u16(value)).toThrow(RangeError)
  })

  test.each([-1, 2 ** 32, 1.5, Number.NaN])('u32 rejects %s', (value) => {
    expect(() => new Writer().u32(value)).toThrow(RangeError)
  })

  test('a rejected value writes nothing', () => {
    const writer = new Writer().u8(1)
    expect(() => writer.u16(-1)).toThrow(RangeError)
    expect(toHex(writer.u8(2).finish())).toBe('0102')
  })

  // The buffer starts at 256 bytes and doubles, so every kind of field crosses a boundary at some offset.
  test.each(['u8', 'u16', 'u32', 'bytes', 'prefixed'] as const)('%s survives the growth of the buffer', (kind) => {
    const content = seededRandom()(7)
    for (let before = 245; before <= 260; before++) {
      const writer = new Writer().bytes(new Uint8Array(before).fill(0xaa))
      const expected = {
        u8: () => (writer.u8(0x11), '11'),
        u16: () => (writer.u16(0x1122), '1122'),
        u32: () => (writer.u32(0x11223344), '11223344'),
        bytes: () => (writer.bytes(content), toHex(content)),
        prefixed: () => (writer.prefixed(content), `00000007${toHex(content)}`),
      }[kind]()
      expect(toHex(writer.finish())).toBe('aa'.repeat(before) + expected)
    }
  })

  test('finish hands out a copy and leaves the writer empty', () => {
    const writer = new Writer().u8(1)
    const first = writer.finish()
    writer.u8(2)
    expect(toHex(first)).toBe('01')
    expect(toHex(writer.finish())).toBe('02')
  })
})

describe('Reader', () => {
  test('reads what a writer wrote', () => {
    const random = seededRandom()
    const [a, b] = [random(33), random(500)]
    const bytes = new Writer().u8(7).u16(500).u32(0x80000001).bytes(a).prefixed(b).finish()
    const reader = new Reader(bytes)
    expect(reader.u8()).toBe(7)
    expect(reader.u16()).toBe(500)
    expect(reader.u32()).toBe(0x80000001)
    expect(reader.bytes(33)).toEqual(a)
    expect(reader.remaining).toBe(504)
    expect(reader.prefixed(500)).toEqual(b)
    expect(() => reader.end()).not.toThrow()
  })

  test.each([
    ['u8', 0, (reader: Reader) => reader.u8()],
    ['u16', 1, (reader: Reader) => reader.u16()],
    ['u32', 3, (reader: Reader) => reader.u32()],
    ['bytes', 31, (reader: Reader) => reader.bytes(32)],
    ['prefixed', 3, (reader: Reader) => reader.prefixed(10)],
  ] as const)('%s rejects a shortage', (_name, length, read) => {
    expect(() => read(new Reader(new Uint8Array(length)))).toThrow(CodecError)
  })

  test('rejects a prefix that promises more than is there', () => {
    expect(() => new Reader(fromHex('0000000301ff')).prefixed(10)).toThrow(new CodecError('expected 3 bytes, 2 left'))
  })

  test('rejects a prefix above the maximum before it reads', () => {
    const long = concatBytes(fromHex('0000000b'), new Uint8Array(11))
    expect(() => new Reader(long).prefixed(10)).toThrow(new CodecError('field of 11 bytes exceeds 10'))
  })

  test('end rejects trailing bytes', () => {
    const reader = new Reader(fromHex('0102'))
    reader.u8()
    expect(() => reader.end()).toThrow(new CodecError('1 trailing bytes'))
  })

  test('gives copies, not views', () => {
    const bytes = fromHex('0102')
    const copy = new Reader(bytes).bytes(2)
    bytes.fill(0)
    expect(toHex(copy)).toBe('0102')
  })

  test('gives copies of a subclass whose slice is a view, as a Node Buffer is', () => {
    class Sliced extends Uint8Array {
      override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
        return this.subarray(start, end)
      }
    }
    const bytes = new Sliced(fromHex('0102'))
    const copy = new Reader(bytes).bytes(2)
    bytes.fill(0)
    expect(toHex(copy)).toBe('0102')
  })
})
