import { expect, test } from 'vitest'

import { digest32, hashMessage } from '../../../../src/protocol/ecdsa/signing/digest.ts'
import { toHex } from '../../../../src/util/bytes.ts'

// Of no bytes at all, as in FIPS 180-4's examples, Bitcoin's empty double hash and Keccak's own test vectors.
test.each([
  ['sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['sha256d', '5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456'],
  ['keccak256', 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
] as const)('%s', (hash, expected) => {
  expect(toHex(hashMessage(new Uint8Array(0), hash))).toBe(expected)
})

test('a digest does not follow its buffer', () => {
  const bytes = new Uint8Array(32).fill(7)
  const digest = digest32(bytes)
  bytes.fill(0)
  expect(digest).toEqual(new Uint8Array(32).fill(7))
})
