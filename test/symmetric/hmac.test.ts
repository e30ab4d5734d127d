import { expand_message_xmd } from '@noble/curves/abstract/hash-to-curve.js'
import { expand as nobleExpand, extract as nobleExtract, hkdf as nobleHkdf } from '@noble/hashes/hkdf.js'
import { hmac as nobleHmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { expandMessage } from '../../src/symmetric/expand-message.ts'
import { expand, extract, hkdf } from '../../src/symmetric/hkdf.ts'
import { hmacSha256, hmacSha512 } from '../../src/symmetric/hmac.ts'
import { fromHex, toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

test('HMAC: the second example of RFC 4231', () => {
  const [key, message] = [utf8('Jefe'), utf8('what do ya want for nothing?')]
  expect(toHex(hmacSha256(key, message))).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  expect(toHex(hmacSha512(key, message))).toBe(
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
      '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  )
})

test('HMAC agrees with @noble/hashes for keys around the size of a block', () => {
  const random = seededRandom()
  for (const keyLength of [0, 1, 32, 63, 64, 65, 127, 128, 129, 300]) {
    for (const length of [0, 1, 63, 64, 65, 127, 128, 500]) {
      const [key, message] = [random(keyLength), random(length)]
      expect(toHex(hmacSha256(key, message))).toBe(toHex(nobleHmac(sha256, key, message)))
      expect(toHex(hmacSha512(key, message))).toBe(toHex(nobleHmac(sha512, key, message)))
    }
  }
})

test('HKDF: the first example of RFC 5869', () => {
  const info = fromHex('f0f1f2f3f4f5f6f7f8f9')
  expect(toHex(hkdf(new Uint8Array(22).fill(11), fromHex('000102030405060708090a0b0c'), info, 42))).toBe(
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  )
})

test('HKDF agrees with @noble/hashes for all lengths of one to three blocks, and the longest', () => {
  const random = seededRandom()
  for (const length of [...Array.from({ length: 97 }, (_, i) => i), 8160]) {
    const [secret, salt, info] = [random(40), random(length % 70), random(length % 50)]
    expect(toHex(hkdf(secret, salt, info, length))).toBe(toHex(nobleHkdf(sha256, secret, salt, info, length)))
    expect(toHex(hkdf(secret, undefined, info, length))).toBe(toHex(nobleHkdf(sha256, secret, undefined, info, length)))
    const key = extract(secret, salt)
    expect(toHex(key)).toBe(toHex(nobleExtract(sha256, secret, salt)))
    expect(toHex(expand(key, info, length))).toBe(toHex(nobleExpand(sha256, key, info, length)))
  }
  expect(() => expand(new Uint8Array(32), new Uint8Array(0), 8161)).toThrow(RangeError)
})

test('expandMessage agrees with @noble/curves, and refuses what has no encoding', () => {
  const random = seededRandom()
  for (const [domain, length] of [
    [1, 1],
    [30, 32],
    [30, 48],
    [40, 96],
    [255, 33],
    [20, 8160],
  ] as const) {
    for (const messageLength of [0, 1, 100]) {
      const [tag, message] = [random(domain), random(messageLength)]
      expect(toHex(expandMessage(message, tag, length))).toBe(toHex(expand_message_xmd(message, tag, length, sha256)))
    }
  }
  for (const [domain, length] of [
    [0, 32],
    [256, 32],
    [20, 8161],
  ] as const) {
    expect(() => expandMessage(new Uint8Array(0), new Uint8Array(domain), length)).toThrow(RangeError)
  }
})
