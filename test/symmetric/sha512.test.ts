import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/symmetric/sha256.ts'
import { sha512 } from '../../src/symmetric/sha512.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

test('SHA-512: the example of FIPS 180', () => {
  expect(toHex(sha512(utf8('abc')))).toBe(
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  )
})

test.each([
  ['SHA-256', sha256, nobleSha256],
  ['SHA-512', sha512, nobleSha512],
] as const)(
  '%s agrees with @noble/hashes for every length of up to four blocks, and for long messages',
  (_, ours, noble) => {
    const random = seededRandom()
    for (let length = 0; length <= 520; length++) {
      const message = random(length)
      expect(toHex(ours(message))).toBe(toHex(noble(message)))
    }
    for (const message of [new Uint8Array(1000), new Uint8Array(1000).fill(255), random(100_003)]) {
      expect(toHex(ours(message))).toBe(toHex(noble(message)))
    }
  },
)

test.each([
  ['SHA-256', sha256, nobleSha256],
  ['SHA-512', sha512, nobleSha512],
] as const)('%s that is cut short leaves no trace in the next', (_, ours, noble) => {
  // As a stack overflow does, or the end of a time that `node:vm` gives.
  const random = seededRandom()
  const cut = new Proxy(random(100), {
    get(bytes, key) {
      if (key === '99') throw new RangeError('cut short')
      return Reflect.get(bytes, key, bytes) as unknown
    },
  })
  expect(() => ours(cut)).toThrow('cut short')
  const message = random(3)
  expect(toHex(ours(message))).toBe(toHex(noble(message)))
})
