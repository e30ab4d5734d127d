import { describe, expect, test } from 'vitest'

import { derivePath, encodeDerivedKey, parsePath } from '../../../src/protocol/derive/index.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { childOf, publicKeyOf, scalarOf, type ExtendedKey } from '../../support/bip32-ed25519.ts'
import { backends } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'

const HARDENED = 2 ** 31

// The root of Cardano's and Ledger's tests ("abandon abandon … about"), and its children in semux-core-java's
// Bip32Ed25519Test and in ed25519-bip32's unit_derivation_v2.
const ROOT: ExtendedKey = {
  kL: fromHex('402b03cd9c8bed9ba9f9bd6cd9c315ce9fcc59c7c25d37c85a36096617e69d41'),
  kR: fromHex('8e35cb4a3b737afd007f0688618f21a8831643c0e6c77fc33c06026d2a0fc938'),
  chainCode: fromHex('32596435e70647d7d98ef102a32ea40319ca8fb6c851d7346d3bd8f9d1492658'),
}
const CHILDREN = [
  {
    hardened: [42],
    path: 'm/1/2',
    publicKey: 'bc738b13faa157ce8f1534ddd9299e458be459f734a5fa17d1f0e73f559a69ee',
    chainCode: 'c52916b7bb856bd1733390301cdc22fd2b0d5e6fab9908d55fd1bed13bccbb36',
  },
  {
    hardened: [42, 3],
    path: 'm/5',
    publicKey: '286b8d4ef3321e78ecd8e2585e45cb3a8c97d3f11f829860ce461df992a7f51c',
    chainCode: '7e64c416800883256828efc63567d8842eda422c413f5ff191512dfce7790984',
  },
]

// The common keychain (public key, chain code) and the Solana address 7YAesfwPk41VChUgr65bm8FEep7ymWqLSW5rpYB5zZPY at m/1 of
// BitGoJS's tests.
const BITGO = {
  publicKey: '8ea32ecacfc83effbd2e2790ee44fa7c59b4d86c29a12f09fb613d8195f93f4e',
  chainCode: '21875cad3b98adada40c040c54c3569467df41a020881a6184096378701862bd',
  child: '61220a9394802b1d1df37b35f7a3197970f48081092cee011fc98f7b71b2bd43',
}

describe.each(backends)('BIP32-Ed25519 on $name', ({ create }) => {
  const group = create('ed25519')
  const publicOf = (key: ExtendedKey) => ({
    publicKey: group.decodePoint(publicKeyOf(key)),
    chainCode: key.chainCode,
  })

  test.each(CHILDREN)('$hardened, $path', ({ hardened, path, publicKey, chainCode }) => {
    const parent = hardened.reduce((key, index) => childOf(key, HARDENED + index), ROOT)
    const derived = derivePath(group, publicOf(parent), parsePath(path))
    expect(toHex(group.encodePoint(derived.publicKey))).toBe(publicKey)
    expect(toHex(derived.chainCode)).toBe(chainCode)
  })

  test('a key and a child of BitGo', () => {
    const key = { publicKey: group.decodePoint(fromHex(BITGO.publicKey)), chainCode: fromHex(BITGO.chainCode) }
    const child = derivePath(group, key, [1])
    expect(toHex(group.encodePoint(child.publicKey))).toBe(BITGO.child)
    expect(encodeDerivedKey(group, key, derivePath(group, key, []))).toBe(BITGO.publicKey + BITGO.chainCode)
    expect(encodeDerivedKey(group, key, child)).toBe(BITGO.child + toHex(child.chainCode))
  })

  test('the private derivation has the same children, and the tweak leads to their scalars', () => {
    const random = seededRandom()
    for (let round = 0; round < 5; round++) {
      const [kL, kR, chainCode] = [random(32), random(32), random(32)]
      kL[31]! &= 0x1f
      const root = { kL, kR, chainCode }
      const path = Array.from({ length: random.int(1, 6) }, () => random.int(0, HARDENED - 1))
      const child = path.reduce(childOf, root)
      const derived = derivePath(group, publicOf(root), path)
      expect(group.encodePoint(derived.publicKey)).toEqual(publicKeyOf(child))
      expect(derived.chainCode).toEqual(child.chainCode)
      const scalar = group.add(group.decodeScalar(scalarOf(root)), derived.tweak)
      expect(scalar).toEqual(group.decodeScalar(scalarOf(child)))
    }
  })

  test('no step is the key itself, and neighbours have nothing in common', () => {
    const key = publicOf(ROOT)
    expect(group.equalPoints(derivePath(group, key, []).publicKey, key.publicKey)).toBe(true)
    const children = [0, 1, 255, 256, 65_536, HARDENED - 1].map((index) => derivePath(group, key, [index]))
    const encoded = children.map(({ publicKey }) => toHex(group.encodePoint(publicKey)))
    expect(new Set(encoded).size).toBe(children.length)
    expect(new Set(children.map(({ chainCode }) => toHex(chainCode))).size).toBe(children.length)
  })

  test('hardened steps are refused', () => {
    for (const index of [HARDENED, -1, 0.5, 2 ** 32]) {
      expect(() => derivePath(group, publicOf(ROOT), [index])).toThrow('not hardened')
    }
  })

  test('a child at infinity is refused', () => {
    // No such key is known: the group is told that it has met one.
    const colliding = { ...group, addPoints: () => group.identity }
    expect(() => derivePath(colliding, publicOf(ROOT), [0])).toThrow(RangeError)
  })

  test('a chain code has 32 bytes', () => {
    const key = { ...publicOf(ROOT), chainCode: new Uint8Array(31) }
    expect(() => derivePath(group, key, [0])).toThrow('chainCode must be 32 bytes')
  })
})
