import { describe, expect, test } from 'vitest'

import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'

import { frostSuite } from '../../../src/protocol/frost/suites.ts'
import { verifySignature } from '../../../src/protocol/frost/verify.ts'
import { concatBytes, fromHex, toHex } from '../../../src/util/bytes.ts'
import { bytesToNumber, numberToBytes, ORDER } from '../../support/bigint-scalars.ts'
import { backends } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { BIP340_VECTORS } from './vectors/bip340.ts'
import { RFC8032_VECTORS } from './vectors/rfc8032.ts'
import { FROST_VECTORS } from './vectors/rfc9591.ts'
import { WYCHEPROOF_ED25519 } from './vectors/wycheproof-ed25519.ts'

describe.each(backends)('verification: $name', ({ create }) => {
  const ed25519 = frostSuite('ed25519', create('ed25519'))
  const bip340 = frostSuite('bip340', create('secp256k1'))
  const secp256k1 = frostSuite('secp256k1', create('secp256k1'))

  test.each(RFC8032_VECTORS)('RFC 8032 §7.1, test $name', ({ publicKey, message, signature }) => {
    const [key, text, sig] = [fromHex(publicKey), fromHex(message), fromHex(signature)]
    expect(verifySignature(ed25519, key, text, sig)).toBe(true)
    expect(verifySignature(ed25519, key, concatBytes(text, Uint8Array.of(0)), sig)).toBe(false)
  })

  test('an error of the group is no verdict', () => {
    const fault = new TypeError('another error')
    const decodePoint = (): never => {
      throw fault
    }
    const failing = { ...ed25519, group: { ...ed25519.group, decodePoint } }
    expect(() => verifySignature(failing, new Uint8Array(32), new Uint8Array(0), new Uint8Array(64))).toThrow(fault)
  })

  test('Wycheproof, Ed25519', () => {
    let count = 0
    for (const { publicKey, valid, invalid } of WYCHEPROOF_ED25519) {
      for (const [cases, wanted] of [
        [valid, true],
        [invalid, false],
      ] as const) {
        for (const [id, message, signature] of cases) {
          const verdict = verifySignature(ed25519, fromHex(publicKey), fromHex(message), fromHex(signature))
          expect(verdict, `tcId ${id}`).toBe(wanted)
          count++
        }
      }
    }
    expect(count).toBe(151)
  })

  test.each(BIP340_VECTORS)('BIP 340, vector $index $comment', ({ publicKey, message, signature, valid }) => {
    expect(verifySignature(bip340, fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(valid)
  })

  const samples = [
    { suite: ed25519, vector: RFC8032_VECTORS[2]! },
    { suite: bip340, vector: BIP340_VECTORS[1]! },
    {
      suite: secp256k1,
      vector: { ...FROST_VECTORS[1]!, publicKey: FROST_VECTORS[1]!.groupPublicKey },
    },
  ].map(({ suite, vector }) => ({
    name: suite.name,
    suite,
    publicKey: fromHex(vector.publicKey),
    message: fromHex(vector.message),
    signature: fromHex(vector.signature),
  }))

  describe.each(samples)('strictness of $name', ({ suite, publicKey, message, signature }) => {
    test('any flipped bit of key, message or signature is refused', () => {
      expect(verifySignature(suite, publicKey, message, signature)).toBe(true)
      for (let bit = 0; bit < 8 * signature.length; bit += 7) {
        expect(verifySignature(suite, publicKey, message, flip(signature, bit))).toBe(false)
      }
      for (let bit = 0; bit < 8 * publicKey.length; bit += 17) {
        expect(verifySignature(suite, flip(publicKey, bit), message, signature)).toBe(false)
      }
      expect(verifySignature(suite, publicKey, flip(message, 0), signature)).toBe(false)
    })

    test('other lengths are refused', () => {
      for (const length of [0, 31, 32, 33, signature.length - 1]) {
        expect(verifySignature(suite, publicKey, message, signature.slice(0, length))).toBe(false)
      }
      expect(verifySignature(suite, publicKey, message, concatBytes(signature, Uint8Array.of(0)))).toBe(false)
      expect(verifySignature(suite, publicKey, message, concatBytes(Uint8Array.of(0), signature))).toBe(false)
      expect(verifySignature(suite, publicKey.slice(1), message, signature)).toBe(false)
      expect(verifySignature(suite, new Uint8Array(0), message, signature)).toBe(false)
    })

    test('what is not bytes is a TypeError', () => {
      expect(() => verifySignature(suite, toHex(publicKey) as never, message, signature)).toThrow(TypeError)
      expect(() => verifySignature(suite, publicKey, 'text' as never, signature)).toThrow(TypeError)
      expect(() => verifySignature(suite, publicKey, message, [...signature] as never)).toThrow(TypeError)
    })
  })

  test('z + q is refused (RFC 8032 §8.4)', () => {
    const { publicKey, message, signature } = RFC8032_VECTORS[2]!
    const bytes = fromHex(signature)
    const larger = numberToBytes('ed25519', bytesToNumber('ed25519', bytes.slice(32)) + ORDER.ed25519)
    const other = concatBytes(bytes.slice(0, 32), larger)
    expect(verifySignature(ed25519, fromHex(publicKey), fromHex(message), other)).toBe(false)
  })

  test('a key or an R of small order verifies nothing', () => {
    const random = seededRandom()
    const zero = new Uint8Array(32)
    for (const point of ED25519_TORSION_SUBGROUP.map(fromHex)) {
      // With z = 0 and a key of small order, lenient verifiers accept R = −c·A, itself a torsion point, often.
      for (const commitment of ED25519_TORSION_SUBGROUP.map(fromHex)) {
        expect(verifySignature(ed25519, point, random(8), concatBytes(commitment, zero))).toBe(false)
      }
    }
  })

  test('a signature that is right only up to the cofactor is refused', () => {
    // R' = R + T for a torsion point T: [8]z·G = [8]R' + [8]c·A holds with c over R', the equation itself does not.
    const { group } = ed25519
    const random = seededRandom()
    const key = group.randomScalar(random)
    const nonce = group.randomScalar(random)
    const publicKey = group.encodePoint(group.multiplyBase(key))
    const message = random(16)
    // (x, y) + (0, −1) = (−x, −y): adding the point of order two negates both coordinates.
    const encoded = group.encodePoint(group.multiplyBase(nonce))
    const p = 2n ** 255n - 19n
    const number = bytesToNumber('ed25519', encoded)
    const [sign, y] = [number >> 255n, number & (2n ** 255n - 1n)]
    const shifted = numberToBytes('ed25519', (p - y) | ((1n - sign) << 255n))
    const c = ed25519.challenge(concatBytes(shifted, publicKey, message))
    const z = group.add(nonce, group.multiply(c, key))
    expect(verifySignature(ed25519, publicKey, message, concatBytes(shifted, z))).toBe(false)
    const honest = ed25519.challenge(concatBytes(encoded, publicKey, message))
    const right = group.add(nonce, group.multiply(honest, key))
    expect(verifySignature(ed25519, publicKey, message, concatBytes(encoded, right))).toBe(true)
  })

  test('a suite refuses the other curve', () => {
    expect(() => frostSuite('ed25519', create('secp256k1'))).toThrow(RangeError)
    expect(() => frostSuite('bip340', create('ed25519'))).toThrow(RangeError)
    expect(() => frostSuite('secp256k1', create('ed25519'))).toThrow(RangeError)
  })
})

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}
