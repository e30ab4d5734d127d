import { x25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { HPKE_OVERHEAD, hpkeOpen, hpkeSeal, sealBy, validatePublicKey } from '../../src/hpke/base.ts'
import { generateKeyPair, keyPairOf } from '../../src/hpke/x25519.ts'
import { CodecError } from '../../src/util/codec.ts'
import { fromHex, toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { flip } from '../support/simulator.ts'

/** RFC 9180 A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base, sequence number 0. */
const RFC_9180 = {
  skEm: fromHex('f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600'),
  skRm: fromHex('8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb'),
  pkRm: fromHex('4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a'),
  enc: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
  info: utf8('Ode on a Grecian Urn'),
  aad: utf8('Count-0'),
  pt: utf8('Beauty is truth, truth beauty'),
  ct: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
}

/** Every u whose points have an order that divides 8, on the curve or its twist, reduced or not (p + u < 2^255). */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]

describe('HPKE', () => {
  const { info, aad, pt, skRm, pkRm } = RFC_9180
  const receiver = () => ({ secretKey: skRm.slice(), publicKey: pkRm })

  test('gives the bytes of RFC 9180 A.2.1', () => {
    const sealed = sealBy(keyPairOf(RFC_9180.skEm.slice()), pkRm, { info, aad }, pt)
    expect(toHex(sealed)).toBe(RFC_9180.enc + RFC_9180.ct)
    expect(sealed.length).toBe(pt.length + HPKE_OVERHEAD)
    expect(toHex(generateKeyPair(() => skRm.slice()).publicKey)).toBe(toHex(pkRm))
    expect(hpkeOpen(receiver(), { info, aad }, sealed)).toEqual(pt)
  })

  test('opens for its key, info and associated data alone, and whole', () => {
    const random = seededRandom()
    const keyPair = generateKeyPair(random)
    const sealed = hpkeSeal(keyPair.publicKey, { info, aad }, pt, random)
    expect(hpkeOpen(keyPair, { info, aad }, sealed)).toEqual(pt)
    expect(() => hpkeOpen(generateKeyPair(random), { info, aad }, sealed)).toThrow(CodecError)
    expect(() => hpkeOpen(keyPair, { info: flip(info, 0), aad }, sealed)).toThrow(CodecError)
    expect(() => hpkeOpen(keyPair, { info, aad: flip(aad, 0) }, sealed)).toThrow(CodecError)
    for (const at of [0, 31, 32, 32 + pt.length, sealed.length - 1]) {
      expect(() => hpkeOpen(keyPair, { info, aad }, flip(sealed, at))).toThrow(CodecError)
    }
    for (const length of [0, 31, 32, 47, sealed.length - 1]) {
      expect(() => hpkeOpen(keyPair, { info, aad }, sealed.slice(0, length))).toThrow(CodecError)
    }
  })

  test('two sealings of the same differ', () => {
    const random = seededRandom()
    expect(hpkeSeal(pkRm, { info, aad }, pt, random)).not.toEqual(hpkeSeal(pkRm, { info, aad }, pt, random))
  })

  test('the ephemeral key is wiped', () => {
    const drawn: Uint8Array[] = []
    const random = seededRandom()
    hpkeSeal(pkRm, { info, aad }, pt, (length) => {
      const bytes = random(length)
      drawn.push(bytes)
      return bytes
    })
    expect(drawn).toEqual([new Uint8Array(32)])
  })

  test.each(SMALL_ORDER)('a key of small order is refused on both sides: %s', (hex) => {
    const random = seededRandom()
    for (const publicKey of [fromHex(hex), withHighBit(fromHex(hex))]) {
      expect(() => validatePublicKey(publicKey)).toThrow(CodecError)
      expect(() => hpkeSeal(publicKey, { info, aad }, pt, random)).toThrow(CodecError)
      const sealed = hpkeSeal(pkRm, { info, aad }, pt, random)
      sealed.set(publicKey)
      expect(() => hpkeOpen(receiver(), { info, aad }, sealed)).toThrow(CodecError)
    }
  })

  test('every other key is not', () => {
    const random = seededRandom()
    for (let i = 0; i < 8; i++) validatePublicKey(x25519.getPublicKey(random(32)))
    expect(() => validatePublicKey(new Uint8Array(31))).toThrow(RangeError)
  })
})

/** RFC 7748 §5 ignores the highest bit. */
function withHighBit(publicKey: Uint8Array): Uint8Array {
  publicKey[31] = (publicKey[31] as number) | 0x80
  return publicKey
}
