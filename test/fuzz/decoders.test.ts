import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { getGroup } from '../../src/curve/index.ts'
import { MpcError, ProtocolError } from '../../src/errors.ts'
import { encodeBase58Check, decodeBase58Check } from '../../src/protocol/derive/base58.ts'
import { decodeExtendedPublicKey, encodeExtendedPublicKey } from '../../src/protocol/derive/bip32.ts'
import { parsePath } from '../../src/protocol/derive/path.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { seededRandom } from '../support/random.ts'
import { generate } from '../support/sets.ts'
import { hostile, mutated, runs } from './support/mutate.ts'
import { DECODERS, type Decoder } from './support/decoders.ts'

const random = seededRandom('decoders')
const group = getGroup('secp256k1')
const shares = generate(group, 2, 2, random)

describe.each(DECODERS)('$name from hostile bytes', ({ valid, decode, encode, throws, runs: count }) => {
  test('is read as it was written', () => {
    const value = decode(valid.slice())
    if (encode !== undefined) expect(encode(value as never)).toEqual(valid)
  })

  test('is refused with its one error, or read back whole', () => {
    fc.assert(
      fc.property(hostile(valid), (bytes) => {
        const given = bytes.slice()
        let value: unknown
        try {
          value = decode(bytes)
        } catch (error) {
          expectRefusal(error, throws)
          return
        }
        expect(bytes).toEqual(given)
        // One encoding: no two files, records or messages say the same.
        if (encode !== undefined) expect(encode(value as never)).toEqual(given)
      }),
      runs(count),
    )
  })

  test('is refused at once where a length says more than there is', () => {
    for (const bytes of blownUp(valid)) {
      try {
        decode(bytes)
      } catch (error) {
        expectRefusal(error, throws)
      }
    }
  })
})

function expectRefusal(error: unknown, throws: Decoder['throws']): void {
  if (throws === CodecError) return expect(error).toBeInstanceOf(CodecError)
  expect(error).toBeInstanceOf(MpcError)
  // A state of another pair or set is told apart from a damaged one, and blames nobody.
  if (error instanceof ProtocolError) return expect(error.blame).toEqual([])
  expect((error as MpcError).code).toBe(throws)
}

/** Each four bytes of the beginning as the greatest length, and each two. */
function blownUp(valid: Uint8Array): Uint8Array[] {
  const places = Array.from({ length: Math.min(valid.length, 48) }, (_, i) => i)
  return places.flatMap((at) => [valid.slice().fill(0xff, at, at + 4), valid.slice().fill(0x7f, at, at + 2)])
}

describe('text from outside', () => {
  const key = { publicKey: shares[0]!.record.publicKey, chainCode: random(32) }
  const xpub = encodeExtendedPublicKey(group, key)

  test('an extended key is read, or refused with a CodecError', () => {
    const payload = decodeBase58Check(xpub, 78)
    const texts = fc.oneof(
      fc.string({ maxLength: 120 }),
      mutated(utf8(xpub)).map((bytes) => String.fromCharCode(...bytes)),
      mutated(payload).map(encodeBase58Check),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { key: read, origin, network } = decodeExtendedPublicKey(group, text)
          expect(encodeExtendedPublicKey(group, read, origin, network)).toBe(text)
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
      runs(300),
    )
  })

  test('a path is read, or refused as an argument', () => {
    const parts = fc.array(
      fc.oneof(fc.nat().map(String), fc.constantFrom("0'", '', '-1', '2147483648', '01', '1e3', ' 1')),
      { maxLength: 6 },
    )
    const texts = fc.oneof(
      fc.string(),
      parts.map((steps) => ['m', ...steps].join('/')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          for (const index of parsePath(text)) expect(index).toBeGreaterThanOrEqual(0)
        } catch (error) {
          expect(error instanceof TypeError || error instanceof RangeError || error instanceof CodecError).toBe(true)
        }
      }),
      runs(300),
    )
  })
})
