import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect, test } from 'vitest'
import { keccak256 } from '../../src/symmetric/keccak256.ts'
import { ripemd160 } from '../../src/symmetric/ripemd160.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

test('the published hashes of nothing and of abc', () => {
  expect(toHex(keccak256(new Uint8Array(0)))).toBe('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
  expect(toHex(ripemd160(new Uint8Array(0)))).toBe('9c1185a5c5e9fc54612808977ee8f548b2258d31')
  expect(toHex(ripemd160(utf8('abc')))).toBe('8eb208f7e05d987a9b044a8e98c6b087f15a0bfc')
})

test.each([
  ['Keccak-256', keccak256, keccak_256],
  ['RIPEMD-160', ripemd160, nobleRipemd160],
] as const)('%s agrees with @noble/hashes for every length around the borders of blocks', (_, ours, noble) => {
  const random = seededRandom()
  for (const length of [...Array.from({ length: 420 }, (_, i) => i), 10_007]) {
    const message = random(length)
    expect(toHex(ours(message))).toBe(toHex(noble(message)))
  }
})
