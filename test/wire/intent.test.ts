import { describe, expect, test } from 'vitest'
import { INTENT_MAX_LENGTH } from '../../src/index.ts'
import { decodeIntent, encodeIntent, INTENT_KINDS, intentHash, intentKind, type Intent } from '../../src/wire/intent.ts'
import { CodecError } from '../../src/util/codec.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'
import { taggedHash } from '../../src/util/tagged-hash.ts'

const data = Uint8Array.of(1, 2, 3)
const EXAMPLES: readonly (readonly [string, Intent])[] = [
  ['0101010203', { kind: 'ethereumTransaction', data }],
  ['0102010203', { kind: 'ethereumMessage', data }],
  ['0103010203', { kind: 'ethereumTypedData', data }],
  ['0104010203', { kind: 'ethereumAuthorization', data }],
  ['0105fffffffe010203', { kind: 'bitcoinTransaction', input: 2 ** 32 - 2, data }],
  ['0106', { kind: 'solanaTransaction' }],
  ['0107', { kind: 'solanaMessage' }],
  ['010803010203', { kind: 'bitcoinMessage', addressType: 'p2sh-p2wpkh', data }],
  ['0109', { kind: 'solanaOffchainMessage' }],
]

describe('an intent', () => {
  test.each(EXAMPLES)('is encoded as %s', (hex, intent) => {
    expect(toHex(encodeIntent(intent))).toBe(hex)
    expect(decodeIntent(fromHex(hex))).toEqual(intent)
  })

  test.each(EXAMPLES)('%s has its kind in its first bytes', (hex, { kind }) => {
    expect(intentKind(hex)).toBe(kind)
    // Nothing after them is read: it may be long.
    if (hex.length > 4) expect(intentKind(`${hex}00000000 is no hex`)).toBe(kind)
  })

  test.each(['', '01', '0200', '0100', '010a', '01060', '010600', '0108', '010805', '0105fffffe', 'zz01'])(
    '%j has no kind',
    (hex) => expect(intentKind(hex)).toBeUndefined(),
  )

  test('has an example of every kind', () => {
    expect(EXAMPLES.map(([, { kind }]) => kind)).toEqual(INTENT_KINDS)
  })

  test.each([
    '',
    '01',
    '0001',
    '0201',
    '0100',
    '010a',
    '01ff',
    '010600',
    '010700',
    '010900',
    '0105',
    '0105000000',
    '0108',
    '010800',
    '010805',
  ])('is not %s', (hex) => {
    expect(() => decodeIntent(fromHex(hex))).toThrow(CodecError)
  })

  test('of a message names a type of address', () => {
    const intent = { kind: 'bitcoinMessage', addressType: 'p2wsh', data } as never
    expect(() => encodeIntent(intent)).toThrow('intent.addressType must be p2wpkh or p2tr or p2sh-p2wpkh or p2pkh')
  })

  test('is as long as it may be, and no longer', () => {
    const longest = new Uint8Array(INTENT_MAX_LENGTH).fill(1)
    expect(encodeIntent(decodeIntent(longest))).toEqual(longest)
    expect(() => decodeIntent(new Uint8Array(INTENT_MAX_LENGTH + 1).fill(1))).toThrow(CodecError)
  })

  test('has a hash of its own domain', () => {
    const bytes = fromHex('010268656c6c6f')
    expect(intentHash(bytes)).toEqual(taggedHash('reshare/v1/wallet/operation/intent', bytes))
  })
})
