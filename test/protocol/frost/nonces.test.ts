import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { commit, SigningNonces } from '../../../src/protocol/frost/nonces.ts'
import { signShare, verifySignatureShare } from '../../../src/protocol/frost/sign.ts'
import { prepareSigning } from '../../../src/protocol/frost/signing-package.ts'
import type { FrostSuite } from '../../../src/protocol/frost/suites.ts'
import { partyId } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { deal, suites } from './support.ts'
import { rounds } from './signing-rounds.ts'

const random = seededRandom()

describe.each(suites)('FROST: $name', ({ suite }) => {
  const { group } = suite
  const message = random(32)

  describe('single use', () => {
    const set = deal(group, 2, 2, random)
    const id = partyId(1)
    const share = set.shares.get(id)!

    test('nonces sign once; the second time throws, for the same message too', () => {
      const { nonces, signing } = rounds(suite, set, [1, 2], message)
      expect(() => signShare(signing, share, nonces[0]!)).toThrow(RangeError)
      expect(() => nonces[0]!.spend(() => undefined)).toThrow(RangeError)
    })

    test('nonces are spent and wiped even when the signing throws', () => {
      const own = commit(suite, id, share, random)
      const seen: Uint8Array[] = []
      expect(() =>
        own.spend((hiding, binding) => {
          seen.push(hiding, binding)
          throw new Error('half-way')
        }),
      ).toThrow('half-way')
      expect(seen.map((secret) => secret.every((byte) => byte === 0))).toEqual([true, true])
      expect(() => own.spend(() => undefined)).toThrow(RangeError)
    })

    test('nothing that a nonce or a share was computed from stays', () => {
      const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)
      const drawn: Uint8Array[] = []
      const hashed: Uint8Array[] = []
      const keepInput: FrostSuite['nonce'] = (input) => {
        hashed.push(input)
        return suite.nonce(input)
      }
      const own = commit({ ...suite, nonce: keepInput }, id, share, (length) => {
        const bytes = random(length)
        drawn.push(bytes)
        return bytes
      })
      expect([drawn, hashed].map((list) => list.map(isWiped))).toEqual([
        [true, true],
        [true, true],
      ])

      const peer = commit(suite, partyId(2), set.shares.get(partyId(2))!, random)
      const signing = prepareSigning(suite, set, [own.commitment, peer.commitment], message)
      const made: Scalar[] = []
      const keep = (scalar: Scalar): Scalar => {
        made.push(scalar)
        return scalar
      }
      const watched: Group = {
        ...group,
        add: (a, b) => keep(group.add(a, b)),
        multiply: (a, b) => keep(group.multiply(a, b)),
        negate: (a) => keep(group.negate(a)),
      }
      const signed = signShare({ ...signing, suite: { ...suite, group: watched } }, share, own)
      expect(made.length).toBeGreaterThan(3)
      expect(made.filter((scalar) => scalar !== signed).every(isWiped)).toBe(true)
      expect(verifySignatureShare(signing, id, signed)).toBe(true)
    })

    test('disposing wipes, twice without complaint', () => {
      const hiding = group.randomScalar(random)
      const binding = group.randomScalar(random)
      const own = new SigningNonces(hiding, binding, commit(suite, id, share, random).commitment)
      own.dispose()
      own.dispose()
      expect([...hiding, ...binding].every((byte) => byte === 0)).toBe(true)
      expect(() => own.spend(() => undefined)).toThrow(RangeError)
    })

    test('a package with other commitments in the signer’s name is refused, and the nonces survive', () => {
      const { signing } = rounds(suite, set, [1, 2], message)
      const own = commit(suite, id, share, random)
      expect(() => signShare(signing, share, own)).toThrow(RangeError)
      own.spend((hiding) => expect(group.isZero(hiding)).toBe(false))
    })

    test('nonces depend on fresh randomness and on the share', () => {
      const fixed = (length: number) => new Uint8Array(length).fill(7)
      const counted = () => {
        let count = 0
        return (length: number) => new Uint8Array(length).fill(count++)
      }
      const encoded = (secret: Scalar, source: (length: number) => Uint8Array) =>
        toHex(commit(suite, id, secret, source).commitment.encoded)
      expect(encoded(share, fixed)).toBe(encoded(share, fixed))
      expect(encoded(share, fixed)).not.toBe(encoded(set.shares.get(partyId(2))!, fixed))
      expect(encoded(share, fixed)).not.toBe(encoded(share, counted()))
      const { hiding, binding } = commit(suite, id, share, counted()).commitment
      expect(group.equalPoints(hiding, binding)).toBe(false)
    })
  })
})
