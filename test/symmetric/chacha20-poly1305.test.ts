import { chacha20poly1305 as nobleChaCha, xchacha20poly1305 as nobleXChaCha } from '@noble/ciphers/chacha.js'
import { poly1305 as noblePoly1305 } from '@noble/ciphers/_poly1305.js'
import { describe, expect, test } from 'vitest'
import { chacha20poly1305, xchacha20poly1305 } from '../../src/symmetric/chacha20-poly1305.ts'
import { poly1305 } from '../../src/symmetric/poly1305.ts'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

const CIPHERS = [
  ['ChaCha20-Poly1305', chacha20poly1305, nobleChaCha, 12],
  ['XChaCha20-Poly1305', xchacha20poly1305, nobleXChaCha, 24],
] as const

test('the example of RFC 8439 §2.8.2', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i)
  const plaintext = utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  )
  const sealed = chacha20poly1305(
    key,
    fromHex('070000004041424344454647'),
    fromHex('50515253c0c1c2c3c4c5c6c7'),
  ).encrypt(plaintext)
  expect(toHex(sealed.subarray(0, 16))).toBe('d31a8d34648e60db7b86afbc53ef7ec2')
  expect(toHex(sealed.subarray(-16))).toBe('1ae10b594f09e26a7e902ecbd0600691')
})

describe.each(CIPHERS)('%s', (_, ours, noble, nonceLength) => {
  test('agrees with @noble/ciphers for all lengths around the borders of blocks', () => {
    const random = seededRandom()
    const lengths = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 192, 193, 1000, 16_385]
    for (const length of lengths) {
      for (const aboutLength of [0, 1, 15, 16, 17, 100]) {
        const [key, nonce, about, plaintext] = [random(32), random(nonceLength), random(aboutLength), random(length)]
        const sealed = ours(key, nonce, about).encrypt(plaintext)
        expect(toHex(sealed)).toBe(toHex(noble(key, nonce, about).encrypt(plaintext)))
        expect(toHex(ours(key, nonce, about).decrypt(sealed))).toBe(toHex(plaintext))
      }
    }
  })

  test('opens nothing of which one bit is different', () => {
    const random = seededRandom()
    const inputs = [random(32), random(nonceLength), random(20), new Uint8Array(0)] as const
    const sealed = ours(inputs[0], inputs[1], inputs[2]).encrypt(random(70))
    for (const [which, length] of [32, nonceLength, 20, sealed.length].entries()) {
      for (let bit = 0; bit < 8 * length; bit++) {
        const [key, nonce, about, bytes] = [inputs[0], inputs[1], inputs[2], sealed].map((part) => part.slice()) as [
          Uint8Array,
          Uint8Array,
          Uint8Array,
          Uint8Array,
        ]
        const changed = [key, nonce, about, bytes][which]!
        changed[bit >> 3]! ^= 1 << (bit & 7)
        expect(() => ours(key, nonce, about).decrypt(bytes)).toThrow('the tag does not fit')
      }
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => ours(inputs[0], inputs[1], inputs[2]).decrypt(sealed.subarray(0, length))).toThrow(
        length < 16 ? 'a ciphertext is shorter than its tag' : 'the tag does not fit',
      )
    }
  })

  test('leaves what it is given as it was, also views of one buffer', () => {
    const random = seededRandom()
    // As a Buffer of Node is, whose slice() shares memory.
    class Sharing extends Uint8Array {
      override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
        return this.subarray(start, end)
      }
    }
    const all = new Sharing(random(400))
    const before = toHex(all)
    const [key, nonce, about, plaintext] = [
      all.subarray(3, 35),
      all.subarray(41, 41 + nonceLength),
      all.subarray(71, 90),
      all.subarray(101, 301),
    ] as const
    const sealed = ours(key, nonce, about).encrypt(plaintext)
    expect(toHex(all)).toBe(before)
    expect(toHex(sealed)).toBe(toHex(noble(key, nonce, about).encrypt(Uint8Array.from(plaintext))))
    const whole = new Sharing(concatBytes(random(5), sealed))
    const kept = toHex(whole)
    expect(toHex(ours(key, nonce, about).decrypt(whole.subarray(5)))).toBe(toHex(plaintext))
    expect(toHex(whole)).toBe(kept)
  })

  test('refuses a key or nonce of another length', () => {
    for (const length of [0, 31, 33]) {
      expect(() => ours(new Uint8Array(length), new Uint8Array(nonceLength))).toThrow(RangeError)
    }
    for (const length of [0, nonceLength - 1, nonceLength + 1]) {
      expect(() => ours(new Uint8Array(32), new Uint8Array(length))).toThrow(RangeError)
    }
  })
})

describe('Poly1305', () => {
  // RFC 8439 appendix A.3, vectors 7 to 11: r and its pad as they begin, the rest zeros; message; tag, the rest zeros.
  test.each([
    ['02', '', 'ff'.repeat(16), '03'],
    ['02', 'ff'.repeat(16), `02${'00'.repeat(15)}`, '03'],
    ['01', '', `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`, '05'],
    ['01', '', `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`, ''],
    ['02', '', `fd${'ff'.repeat(15)}`, `fa${'ff'.repeat(15)}`],
  ])('the carries of RFC 8439: r = %s, pad = %s, message %s', (r, pad, message, tag) => {
    const key = `${r.padEnd(32, '0')}${pad.padEnd(32, '0')}`
    expect(toHex(poly1305(fromHex(key), fromHex(message)))).toBe(tag.padEnd(32, '0'))
  })

  test('agrees with @noble/ciphers at the modulus, and with the largest limbs', () => {
    const random = seededRandom()
    const full = new Uint8Array(16).fill(255)
    // r = 1 and 2, so that sums around 2^130 - 5 are reached; then all bits that are kept; with the smallest and largest pad.
    for (const r of [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(4), full, random(16)]) {
      for (const pad of [new Uint8Array(16), full, random(16)]) {
        const key = new Uint8Array(32)
        key.set(r)
        key.set(pad, 16)
        for (const blocks of [1, 2, 3, 4, 5, 64]) {
          for (let last = 240; last < 256; last++) {
            const message = new Uint8Array(16 * blocks).fill(255)
            message[message.length - 16] = last
            expect(toHex(poly1305(key, message))).toBe(toHex(noblePoly1305(message, key)))
          }
        }
      }
    }
  })

  test('agrees with @noble/ciphers on random blocks', () => {
    const random = seededRandom()
    for (let i = 0; i < 300; i++) {
      const [key, message] = [random(32), random(16 * (i % 20))]
      expect(toHex(poly1305(key, message))).toBe(toHex(noblePoly1305(message, key)))
    }
  })
})
