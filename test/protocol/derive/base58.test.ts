import { describe, expect, test } from 'vitest'

import { decodeBase58Check, encodeBase58Check } from '../../../src/protocol/derive/base58.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { fromHex } from '../../../src/util/bytes.ts'

// The address of public key hash zero, and that of Bitcoin's first block.
const ADDRESSES = [
  ['00'.repeat(21), '1111111111111111111114oLvT2'],
  ['0062e907b15cbf27d5425399ebf6f0fb50ebb88f18', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
] as const

describe('Base58Check', () => {
  test.each(ADDRESSES)('of %s is %s', (hex, text) => {
    expect(encodeBase58Check(fromHex(hex))).toBe(text)
    expect(decodeBase58Check(text, 21)).toEqual(fromHex(hex))
  })

  test.each(ADDRESSES)('of %s has one text and one length', (_, text) => {
    const other = (at: number) => `${text.slice(0, at)}${text[at] === '2' ? '3' : '2'}${text.slice(at + 1)}`
    for (const bad of [
      `1${text}`,
      text.slice(1),
      text.slice(0, -1),
      `${text}1`,
      other(0),
      other(text.length - 1),
      '',
    ]) {
      expect(() => decodeBase58Check(bad, 21)).toThrow(CodecError)
    }
    for (const length of [0, 20, 22]) expect(() => decodeBase58Check(text, length)).toThrow(CodecError)
  })

  test('has no 0, O, I, l or blank', () => {
    const [, [, text]] = ADDRESSES
    for (const character of ['0', 'O', 'I', 'l', ' ', 'ä']) {
      expect(() => decodeBase58Check(text.replace('z', character), 21)).toThrow('not a base 58 character')
    }
  })
})
