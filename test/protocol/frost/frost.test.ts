import { describe, expect, test } from 'vitest'
import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js'
import { schnorr, schnorr_FROST, secp256k1_FROST } from '@noble/curves/secp256k1.js'
import type { Scalar } from '../../../src/curve/group.ts'
import { aggregate } from '../../../src/protocol/frost/aggregate.ts'
import { decodeCommitment } from '../../../src/protocol/frost/commitment.ts'
import { commit, SigningNonces } from '../../../src/protocol/frost/nonces.ts'
import { signShare, verifySignatureShare } from '../../../src/protocol/frost/sign.ts'
import { prepareSigning, type SigningPackage } from '../../../src/protocol/frost/signing-package.ts'
import { type FrostSuite, publicBytes } from '../../../src/protocol/frost/suites.ts'
import { verifySignature } from '../../../src/protocol/frost/verify.ts'
import { commit as feldmanCommit } from '../../../src/secret-sharing/feldman.ts'
import { randomPolynomial } from '../../../src/secret-sharing/shamir.ts'
import { partyId, type PartyId } from '../../../src/types.ts'
import { concatBytes, toHex } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { seededRandom } from '../../support/random.ts'
import { deal, type DealtSet, dealWithParity, suites } from './support.ts'
import { rounds } from './signing-rounds.ts'

const NOBLE = { ed25519: ed25519_FROST, secp256k1: secp256k1_FROST, bip340: schnorr_FROST }

const random = seededRandom()

function publicKeyOf(suite: FrostSuite, set: DealtSet): Uint8Array {
  return publicBytes(suite, suite.group.encodePoint(set.publicKey)).slice()
}

/** A verifier that shares no code with ours. */
function verifiesElsewhere(suite: FrostSuite, set: DealtSet, message: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKeyOf(suite, set)
  if (suite.name === 'ed25519') return ed25519.verify(signature, message, key, { zip215: false })
  if (suite.name === 'bip340') return schnorr.verify(signature, message, key)
  return secp256k1_FROST.verify(signature, message, key)
}

describe.each(suites)('FROST: $name', ({ suite }) => {
  const { group } = suite
  const one = group.scalar(1)
  const message = random(32)

  test.each([
    [1, [1]],
    [1, [2, 5]],
    [2, [1, 2]],
    [2, [3, 1]],
    [2, [1, 2, 3, 4]],
    [3, [7, 2, 4]],
    [4, [1, 3, 5, 7, 6]],
    [5, [1, 2, 3, 4, 5]],
    [5, [7, 6, 5, 4, 3]],
    [5, [1, 2, 3, 4, 5, 6, 7]],
  ])('%i of 7, signed by %j', (threshold, ids) => {
    const set = deal(group, threshold, 7, random)
    const { signing, shares } = rounds(suite, set, ids, message)
    const signature = aggregate(signing, shares)
    expect(signature).toHaveLength(suite.name === 'secp256k1' ? 65 : 64)
    expect(verifySignature(suite, publicKeyOf(suite, set), message, signature)).toBe(true)
    expect(verifiesElsewhere(suite, set, message, signature)).toBe(true)
    for (const [id, share] of shares) expect(verifySignatureShare(signing, id, share)).toBe(true)
  })

  test('ids far apart, and messages of no and of many bytes', () => {
    const set = deal(group, 2, [17, 128, 255], random)
    for (const text of [new Uint8Array(0), random(1), random(5000)]) {
      const { signing, shares } = rounds(suite, set, [255, 17], text)
      expect(verifiesElsewhere(suite, set, text, aggregate(signing, shares))).toBe(true)
    }
  })

  test('keys and group commitments of either parity', () => {
    const seen = new Set<string>()
    for (const evenY of [true, false]) {
      const set = dealWithParity(group, evenY, random)
      for (let i = 0; i < 64 && seen.size < (evenY ? 2 : 4); i++) {
        const { signing, shares } = rounds(suite, set, [1, 2], message)
        seen.add(`${evenY} ${group.hasEvenY(signing.commitment)}`)
        expect(verifiesElsewhere(suite, set, message, aggregate(signing, shares))).toBe(true)
        for (const [id, share] of shares) expect(verifySignatureShare(signing, id, share)).toBe(true)
      }
    }
    expect(seen.size).toBe(4)
  })

  test('nonces, shares and signatures are those of another implementation', () => {
    const noble = NOBLE[suite.name]
    for (const evenY of [true, false]) {
      const ids = [partyId(1), partyId(2), partyId(3)]
      const { coefficients, publicKey } = polynomialWithParity(evenY)
      const values = group.evaluatePolynomial(coefficients, ids)
      const verifyingShares = group.multiplyBaseBatch(values)
      const set = {
        threshold: 2,
        publicKey,
        parties: ids.map((id, i) => ({ id, role: 'client' as const, verifyingShare: verifyingShares[i]! })),
      }
      const theirId = ids.map((id) => noble.Identifier.fromNumber(id))
      const theirPublic = {
        signers: { min: 2, max: 3 },
        commitments: group.encodePoints(feldmanCommit(group, coefficients)),
        verifyingShares: Object.fromEntries(theirId.map((id, i) => [id, group.encodePoint(verifyingShares[i]!)])),
      }
      const quorum = [0, 2]
      const secrets = quorum.map(() => ({ hiding: group.randomScalar(random), binding: group.randomScalar(random) }))
      const theirCommitments = quorum.map((i, at) => ({
        identifier: theirId[i]!,
        hiding: group.encodePoint(group.multiplyBase(secrets[at]!.hiding)),
        binding: group.encodePoint(group.multiplyBase(secrets[at]!.binding)),
      }))
      const commitments = theirCommitments.map(({ hiding, binding }, at) =>
        decodeCommitment(suite, ids[quorum[at]!]!, concatBytes(hiding, binding)),
      )
      const signing = prepareSigning(suite, set, commitments, message)
      const shares = new Map<PartyId, Scalar>()
      const theirShares: Record<string, Uint8Array> = {}
      for (const [at, i] of quorum.entries()) {
        const { hiding, binding } = secrets[at]!
        const theirs = noble.signShare(
          { identifier: theirId[i]!, signingShare: values[i]!.slice() },
          theirPublic,
          { hiding: hiding.slice(), binding: binding.slice() },
          theirCommitments,
          message,
        )
        const own = signShare(signing, values[i]!, new SigningNonces(hiding, binding, commitments[at]!))
        expect(toHex(own)).toBe(toHex(theirs))
        shares.set(ids[i]!, own)
        theirShares[theirId[i]!] = theirs
      }
      const theirs = noble.aggregate(theirPublic, theirCommitments, message, theirShares)
      expect(toHex(aggregate(signing, shares))).toBe(toHex(theirs))
    }

    function polynomialWithParity(evenY: boolean) {
      for (;;) {
        const coefficients = randomPolynomial(group, group.randomScalar(random), 2, random)
        const publicKey = group.multiplyBase(coefficients[0]!)
        if (group.hasEvenY(publicKey) === evenY) return { coefficients, publicKey }
      }
    }
  })

  describe('binding factors', () => {
    const set = deal(group, 2, 3, random)
    const factors = (signing: SigningPackage) => [...signing.signers.values()].map((s) => toHex(s.bindingFactor))

    test('change with the message, with any commitment, with the signers and with the key', () => {
      const { commitments } = rounds(suite, set, [1, 2], message)
      const [first, second] = commitments as [(typeof commitments)[0], (typeof commitments)[0]]
      const base = factors(prepareSigning(suite, set, commitments, message))
      const other = commit(suite, partyId(2), set.shares.get(partyId(2))!, random).commitment
      const mixed = decodeCommitment(
        suite,
        partyId(2),
        concatBytes(second.encoded.slice(0, group.pointLength), other.encoded.slice(group.pointLength)),
      )
      const variants = [
        prepareSigning(suite, set, commitments, random(32)),
        prepareSigning(suite, set, [first, other], message),
        prepareSigning(suite, set, [first, mixed], message),
        prepareSigning(suite, set, [first, { ...second, id: partyId(3) }], message),
        prepareSigning(suite, { ...set, publicKey: group.generator }, commitments, message),
      ].map(factors)
      for (const [i, variant] of variants.entries()) {
        expect(variant[0], `variant ${i}`).not.toBe(base[0])
        expect(variant[1], `variant ${i}`).not.toBe(base[1])
      }
      expect(base[0]).not.toBe(base[1])
      expect(factors(prepareSigning(suite, set, [second, first], message))).toEqual(base)
    })
  })

  describe('arguments', () => {
    const set = deal(group, 2, 3, random)

    test('too few, repeated and foreign signers', () => {
      const { commitments } = rounds(suite, set, [1, 2], message)
      const [first, second] = commitments as [(typeof commitments)[0], (typeof commitments)[0]]
      expect(() => prepareSigning(suite, set, [first], message)).toThrow(RangeError)
      expect(() => prepareSigning(suite, set, [first, first], message)).toThrow(RangeError)
      expect(() => prepareSigning(suite, set, [first, { ...second, id: partyId(4) }], message)).toThrow(RangeError)
      expect(() => prepareSigning(suite, set, commitments, 'text' as never)).toThrow(TypeError)
    })

    test('missing and surplus signature shares', () => {
      const { signing, shares } = rounds(suite, set, [1, 2], message)
      const short = new Map(shares)
      short.delete(partyId(2))
      expect(() => aggregate(signing, short)).toThrow(RangeError)
      expect(() => aggregate(signing, new Map(shares).set(partyId(3), one))).toThrow(RangeError)
      expect(() => aggregate(signing, short.set(partyId(3), one))).toThrow('party 2 is missing')
      expect(() => verifySignatureShare(signing, partyId(3), one)).toThrow(RangeError)
    })

    test('commitments of other lengths, or with a point that is not one', () => {
      const { encoded } = commit(suite, partyId(1), set.shares.get(partyId(1))!, random).commitment
      const length = group.pointLength
      for (const bytes of [
        encoded.slice(1),
        encoded.slice(0, length),
        new Uint8Array(0),
        concatBytes(encoded, Uint8Array.of(0)),
        concatBytes(new Uint8Array(length), encoded.slice(length)),
        concatBytes(encoded.slice(0, length), new Uint8Array(length).fill(0xff)),
      ]) {
        expect(() => decodeCommitment(suite, partyId(1), bytes)).toThrow(CodecError)
      }
    })

    test('a decoded commitment does not follow its buffer', () => {
      const { encoded } = commit(suite, partyId(1), set.shares.get(partyId(1))!, random).commitment
      const buffer = encoded.slice()
      const decoded = decodeCommitment(suite, partyId(1), buffer)
      buffer.fill(0)
      expect(toHex(decoded.encoded)).toBe(toHex(encoded))
    })
  })
})
