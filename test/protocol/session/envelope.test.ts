import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  ENVELOPE_MAX_LENGTH,
} from '../../../src/protocol/session/envelope.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { flip } from '../../support/simulator.ts'

const example: Envelope = {
  protocol: 'reshare',
  suite: 'ed25519',
  round: 3,
  from: 1,
  to: 2,
  sid: new Uint8Array(32).fill(0xab),
  body: Uint8Array.of(1, 2, 3),
}

test('an envelope has these bytes', () => {
  expect(toHex(encodeEnvelope(example))).toBe(`010202030102${'ab'.repeat(32)}00000003010203`)
})

test('what is encoded is decoded', () => {
  expect(decodeEnvelope(encodeEnvelope(example))).toEqual(example)
})

test.each([
  ['another version', (bytes: Uint8Array) => bytes.with(0, 2)],
  ['an unknown protocol', (bytes: Uint8Array) => bytes.with(1, 0)],
  ['an unknown suite', (bytes: Uint8Array) => bytes.with(2, 77)],
  ['round 0', (bytes: Uint8Array) => bytes.with(3, 0)],
  ['sender 0', (bytes: Uint8Array) => bytes.with(4, 0)],
  ['a length that does not fit', (bytes: Uint8Array) => flip(bytes, 41)],
  ['a missing byte', (bytes: Uint8Array) => bytes.slice(0, -1)],
  ['a trailing byte', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
  ['no bytes', () => new Uint8Array(0)],
])('refuses %s', (_, change) => {
  expect(() => decodeEnvelope(change(encodeEnvelope(example)))).toThrow(CodecError)
})

test('refuses what is longer than the limit, on both sides', () => {
  expect(() => decodeEnvelope(new Uint8Array(ENVELOPE_MAX_LENGTH + 1))).toThrow(CodecError)
  expect(() => encodeEnvelope({ ...example, body: new Uint8Array(ENVELOPE_MAX_LENGTH) })).toThrow(RangeError)
  const longest = encodeEnvelope({ ...example, body: new Uint8Array(ENVELOPE_MAX_LENGTH - 42) })
  expect(longest.length).toBe(ENVELOPE_MAX_LENGTH)
  expect(decodeEnvelope(longest).body.length).toBe(ENVELOPE_MAX_LENGTH - 42)
})

test('arbitrary bytes decode to one envelope or to a CodecError', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ maxLength: 80 }).map((tail) => Uint8Array.of(1, 1, 1, 1, 1, 0, ...tail)),
  )
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        expect(encodeEnvelope(decodeEnvelope(input))).toEqual(input)
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError)
      }
    }),
  )
})

test('refuses a well-formed envelope that is one byte too long', () => {
  const longest = encodeEnvelope({ ...example, body: new Uint8Array(ENVELOPE_MAX_LENGTH - 42) })
  const longer = new Uint8Array(ENVELOPE_MAX_LENGTH + 1)
  longer.set(longest)
  new DataView(longer.buffer).setUint32(38, ENVELOPE_MAX_LENGTH - 41)
  expect(() => decodeEnvelope(longer)).toThrow(CodecError)
})

test('is not made with a session id of another length', () => {
  for (const length of [0, 31, 33]) {
    expect(() => encodeEnvelope({ ...example, sid: new Uint8Array(length) })).toThrow(RangeError)
  }
})
