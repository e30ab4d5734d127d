import { schnorr } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'

import type { Group, Scalar } from '../../../src/curve/group.ts'
import { portableGroup } from '../../../src/curve/portable.ts'
import { wasmGroup } from '../../../src/curve/wasm/group.ts'
import { deriveShare, taprootOutputKey } from '../../../src/protocol/derive/index.ts'
import { type KeyShare, validateKeyShare } from '../../../src/key-share/index.ts'
import { concatBytes, fromHex, toHex } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { seededRandom } from '../../support/random.ts'
import { generate, keyOf } from '../../support/sets.ts'

// BIP 341, wallet-test-vectors.json, scriptPubKey: the first key without scripts and the first with one.
const VECTORS = [
  {
    internal: 'd6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d',
    merkleRoot: undefined,
    tweak: 'b86e7be8f39bab32a6f2c0443abbc210f0edac0e2c53d501b36b64437d9c6c70',
    output: '53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343',
  },
  {
    internal: '187791b6f712a8ea41c8ecdd0ee77fab3e85263b37e1ec18a3651926b3a6cf27',
    merkleRoot: '5b75adecf53548f3ec6ad7d78383bf84cc57b55a3127c72b9a2481752dd88b21',
    tweak: 'cbd8679ba636c1110ea247542cfbd964131a6be84f873f7f3b62a777528ed001',
    output: '147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3',
  },
]

describe.each([
  { name: 'wasm', group: wasmGroup('secp256k1') },
  { name: 'portable', group: portableGroup('secp256k1') },
])('Taproot on $name', ({ group }) => {
  test.each(VECTORS)('the output key of $internal', ({ internal, merkleRoot, tweak, output }) => {
    for (const prefix of [2, 3]) {
      const key = group.decodePoint(concatBytes(Uint8Array.of(prefix), fromHex(internal)))
      const derived = taprootOutputKey(group, key, merkleRoot === undefined ? undefined : fromHex(merkleRoot))
      expect(toHex(derived.tweak)).toBe(tweak)
      expect(toHex(derived.xOnly)).toBe(output)
      expect(derived.negated).toBe(prefix === 3)
      expect(derived.parity).toBe(group.hasEvenY(derived.outputKey) ? 0 : 1)
    }
  })

  test('derived shares are shares of the output key, whatever the parity of the internal one', () => {
    const random = seededRandom()
    const parities = new Set<boolean>()
    while (parities.size < 2) {
      const shares = generate(group, 2, 3, random)
      const derived = taprootOutputKey(group, shares[0]!.record.publicKey, random(32))
      parities.add(derived.negated)
      const moved = shares.map((share) => deriveShare(group, share, derived))
      for (const share of moved) validateKeyShare(group, share)
      expect(group.equalPoints(moved[0]!.record.publicKey, derived.outputKey)).toBe(true)
      const key = keyOf(group, moved.slice(1))
      expect(group.equalPoints(group.multiplyBase(key), derived.outputKey)).toBe(true)
      const message = random(32)
      expect(schnorr.verify(schnorr.sign(message, key), message, derived.xOnly)).toBe(true)
      // The shares that were derived from are as they were.
      for (const share of shares) validateKeyShare(group, share)
    }
  })

  // Of what one in 2^127 tweaks is, none is known: the group is told that it has met one.
  test('refuses a tweak that is not below the order or cancels the key, and takes zero', () => {
    const decodeScalar = (error: Error) => () => {
      throw error
    }
    const errorOf = (changed: Partial<Group>): unknown => {
      try {
        return taprootOutputKey({ ...group, ...changed }, group.generator)
      } catch (error) {
        return error
      }
    }
    const cause = new CodecError('scalar is not below the group order')
    const error = errorOf({ decodeScalar: decodeScalar(cause) })
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ cause })
    const fault = new TypeError('another error')
    expect(errorOf({ decodeScalar: decodeScalar(fault) })).toBe(fault)
    const cancelled = errorOf({ addPoints: () => group.identity })
    expect(cancelled).toBeInstanceOf(RangeError)
    expect(cancelled).toMatchObject({ message: expect.stringContaining('cancels') as unknown })
    const zero = errorOf({ decodeScalar: (_, options) => group.decodeScalar(new Uint8Array(32), options) })
    expect(zero).toMatchObject({ xOnly: group.encodePoint(group.generator).slice(1) })
  })

  test('a share of a derived key is the share and the tweak, and leaves no copy', () => {
    const random = seededRandom()
    const [share] = generate(group, 2, 2, random) as [KeyShare, KeyShare]
    const tweak = group.randomScalar(random)
    expect(deriveShare(group, share, { tweak }).secretShare).toEqual(group.add(share.secretShare, tweak))
    const negated: Scalar[] = []
    const negate: Group['negate'] = (scalar) => {
      const made = group.negate(scalar)
      negated.push(made)
      return made
    }
    const moved = deriveShare({ ...group, negate }, share, { negated: true, tweak })
    expect(moved.secretShare).toEqual(group.subtract(tweak, share.secretShare))
    expect(negated.map((scalar) => group.isZero(scalar))).toEqual([true])
  })

  test('a tweak that cancels the key or a share is refused', () => {
    const shares = generate(group, 2, 2, seededRandom()) as [KeyShare, KeyShare]
    for (const secret of [keyOf(group, shares), shares[1].secretShare]) {
      expect(() => deriveShare(group, shares[0], { tweak: group.negate(secret) })).toThrow(RangeError)
    }
  })

  test('refuses what is not defined', () => {
    const ed25519 = portableGroup('ed25519')
    expect(() => taprootOutputKey(ed25519, ed25519.generator)).toThrow('not defined on ed25519')
    expect(() => taprootOutputKey(group, group.generator, new Uint8Array(31))).toThrow(RangeError)
  })
})
