import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../src/wire/round-body.ts'
import { CodecError } from '../../src/util/codec.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'

const roundBody = {
  header: { kind: 'prove' },
  messages: [
    { sessionIndex: 0, envelope: Uint8Array.of(1, 2, 3) },
    { sessionIndex: 3, envelope: new Uint8Array() },
  ],
}
const HEX = '01000000107b226b696e64223a2270726f7665227d02000000000301020303' + '00000000'

test('the bytes of a round body are pinned', () => {
  expect(toHex(encodeRoundBody(roundBody))).toBe(HEX)
  expect(decodeRoundBody(fromHex(HEX))).toEqual(roundBody)
})

test('every truncation and every extra byte is refused', () => {
  const bytes = encodeRoundBody(roundBody)
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeRoundBody(bytes.slice(0, length))).toThrow(CodecError)
  }
  expect(() => decodeRoundBody(Uint8Array.of(...bytes, 0))).toThrow(CodecError)
})

describe('refuses', () => {
  test.each([
    ['another version', '02' + HEX.slice(2)],
    ['a header that is not JSON', '01000000017b00'],
    ['a header that is not UTF-8', '0100000001ff00'],
    ['a header over its limit', '0100040001'],
    ['an envelope over its limit', '01000000027b7d010000100001'],
  ])('%s', (_, hex) => {
    expect(() => decodeRoundBody(fromHex(hex))).toThrow(CodecError)
  })
})
