import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { ethereumAddress } from '../../../src/adapters/viem/address.ts'
import { seededRandom } from '../../support/random.ts'

test('the address of a public key is that of its private key', () => {
  const random = seededRandom()
  for (let i = 0; i < 10; i++) {
    const secret = random(32)
    expect(ethereumAddress(secp256k1.getPublicKey(secret))).toBe(privateKeyToAccount(bytesToHex(secret)).address)
  }
})

test('what is not a compressed public key has no address', () => {
  expect(() => ethereumAddress('02' as never)).toThrow(TypeError)
  expect(() => ethereumAddress(new Uint8Array(32))).toThrow('publicKey must be 33 bytes, got 32')
  const offCurve = new Uint8Array(33).fill(5)
  offCurve[0] = 2
  expect(() => ethereumAddress(offCurve)).toThrow('publicKey is not a point of secp256k1')
})
