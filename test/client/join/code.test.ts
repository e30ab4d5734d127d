import { describe, expect, test } from 'vitest'
import { decodeJoinCode, encodeJoinCode, type JoinCode } from '../../../src/client/join/code.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { createHasher } from '../../../src/util/tagged-hash.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function drawCode(random = seededRandom()): JoinCode {
  return {
    invitationId: toHex(random(16)),
    publicKey: generateKeyPair(random).publicKey,
    deviceId: toHex(generateKeyPair(random).publicKey),
    psk: random(32),
  }
}

/** RFC 4648 §6, written from the RFC: five bytes are eight characters. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits.replace(/.{5}/g, (five) => ALPHABET[Number.parseInt(five, 2)]!)
}

/** The text of a content, with its checksum. */
function textOf(content: Uint8Array): string {
  const checksum = createHasher('wallet', 'join')('code', content).slice(0, 7)
  return base32(Uint8Array.of(...content, ...checksum))
}

function contentOf({ invitationId, publicKey, deviceId, psk }: JoinCode, version = 1): Uint8Array {
  return Uint8Array.of(
    version,
    ...fromHex(invitationId),
    ...publicKey,
    ...(deviceId === null ? new Uint8Array(32) : fromHex(deviceId)),
    ...psk,
  )
}

const expectInvalid = (text: string, why: string) =>
  expect(() => decodeJoinCode(text)).toThrow(
    expect.objectContaining({ code: 'JOIN_CODE_INVALID', message: expect.stringContaining(why) as string }) as Error,
  )

describe('the code of a joining device', () => {
  test('is base32 of 120 bytes, and read back', () => {
    const random = seededRandom()
    for (let i = 0; i < 16; i++) {
      const code = i === 0 ? { ...drawCode(random), deviceId: null } : drawCode(random)
      const text = encodeJoinCode(code)
      expect(text).toBe(textOf(contentOf(code)))
      expect(text).toHaveLength(192)
      expect(decodeJoinCode(text)).toEqual(code)
    }
  })

  test('has every character', () => {
    const random = seededRandom()
    const texts = Array.from({ length: 8 }, () => encodeJoinCode(drawCode(random))).join('')
    expect([...new Set(texts)].sort().join('')).toBe([...ALPHABET].sort().join(''))
  })

  test('is written in one way', () => {
    const text = encodeJoinCode(drawCode())
    for (const other of [
      '',
      text.slice(1),
      `${text}A`,
      ` ${text}`,
      `${text}\n`,
      text.toLowerCase(),
      `${text.slice(0, -1)}=`,
      `${text.slice(0, -1)}1`,
      `${text.slice(0, -1)}É`,
    ]) {
      expectInvalid(other, '192 characters')
    }
  })

  test('with one character changed is none', () => {
    const text = encodeJoinCode(drawCode())
    for (let at = 0; at < text.length; at++) {
      const other = ALPHABET[(ALPHABET.indexOf(text[at]!) + 1 + (at % 30)) % 32]!
      const changed = text.slice(0, at) + other + text.slice(at + 1)
      // The first characters are the version.
      expectInvalid(changed, at < 2 ? '' : 'checksum')
    }
  })

  test('of another version, or with a bad key, is refused', () => {
    const code = drawCode()
    const highBit = (key: Uint8Array) => key.with(31, key[31]! | 0x80)
    expectInvalid(textOf(contentOf(code, 2)), 'version')
    expectInvalid(textOf(contentOf({ ...code, publicKey: new Uint8Array(32) })), 'small order')
    expectInvalid(textOf(contentOf({ ...code, publicKey: new Uint8Array(32).with(0, 1) })), 'small order')
    expectInvalid(textOf(contentOf({ ...code, publicKey: highBit(code.publicKey) })), 'not canonical')
    expectInvalid(textOf(contentOf({ ...code, deviceId: toHex(new Uint8Array(32).with(0, 1)) })), 'small order')
    expectInvalid(textOf(contentOf({ ...code, deviceId: toHex(highBit(fromHex(code.deviceId!))) })), 'not canonical')
  })

  test('is a string', () => {
    for (const value of [undefined, null, 1, new Uint8Array(120)]) {
      expect(() => decodeJoinCode(value as never)).toThrow(TypeError)
    }
  })
})
