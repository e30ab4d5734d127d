import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { continueSha256, finishSha256, startSha256 } from '../../src/symmetric/sha256.ts'
import { concatBytes, toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

describe('SHA-256 of the portable backend', () => {
  test('gives the examples of FIPS 180', () => {
    const start = startSha256(new Uint8Array(0))
    for (const [message, digest] of [
      ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
      [
        'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
        '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
      ],
    ] as const) {
      expect(toHex(finishSha256(start, utf8(message)))).toBe(digest)
    }
  })

  test('agrees with @noble/hashes for every length of the last block, and after any beginning', () => {
    const random = seededRandom()
    for (const blocks of [0, 1, 2, 5]) {
      const prefix = random(64 * blocks)
      const start = startSha256(prefix)
      for (let length = 0; length <= 200; length++) {
        const message = random(length)
        expect(toHex(finishSha256(start, message))).toBe(toHex(sha256(concatBytes(prefix, message))))
      }
      for (const fill of [0, 0xff]) {
        const message = new Uint8Array(119).fill(fill)
        expect(finishSha256(start, message)).toEqual(sha256(concatBytes(prefix, message)))
      }
    }
    const long = random(100_003)
    expect(finishSha256(startSha256(new Uint8Array(0)), long)).toEqual(sha256(long))
  })

  test('counts bits beyond 32 of them', () => {
    const empty = new Uint8Array(0)
    const end = new Uint8Array(64)
    end[0] = 0x80
    new DataView(end.buffer).setBigUint64(56, 8n * 2n ** 32n)
    const start = startSha256(empty)
    continueSha256(start, end)
    const words = [...start.state].map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    expect(toHex(finishSha256({ state: startSha256(empty).state, bytes: 2 ** 32 }, empty))).toBe(words.join(''))
  })

  test('begins with whole blocks only', () => {
    expect(() => startSha256(new Uint8Array(63))).toThrow(RangeError)
  })
})
