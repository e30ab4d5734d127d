import { describe, expect, test } from 'vitest'

import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js'
import { schnorr, schnorr_FROST, secp256k1_FROST } from '@noble/curves/secp256k1.js'

import type { Group, Scalar } from '../../../src/curve/group.ts'
import { ProtocolError } from '../../../src/errors.ts'
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

const NOBLE = { ed25519: ed25519_FROST, secp256k1: secp256k1_FROST, bip340: schnorr_FROST }

const random = seededRandom()

/** Everything that a set's members send for one signature. */
function rounds(suite: FrostSuite, set: DealtSet, ids: readonly number[], message: Uint8Array) {
  const quorum = ids.map(partyId)
  const nonces = quorum.map((id) => commit(suite, id, set.shares.get(id)!, random))
  const commitments = nonces.map((own) => own.commitment)
  const signing = prepareSigning(suite, set, commitments, message)
  const shares = new Map<PartyId, Scalar>()
  for (const own of nonces) {
    shares.set(own.commitment.id, signShare(signing, set.shares.get(own.commitment.id)!, own))
  }
  return { nonces, commitments, signing, shares }
}

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

function blamed(run: () => unknown): readonly number[] {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    const { code, reason, blame, retryable } = error as ProtocolError
    expect({ code, reason, retryable }).toEqual({ code: 'PROTOCOL_ABORTED', reason: 'SIG', retryable: false })
    return blame
  }
  throw new Error('nothing was thrown')
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

  describe('blame', () => {
    const set = deal(group, 3, 5, random)

    test.each([[[1]], [[4]], [[1, 5]], [[1, 4, 5]]])('wrong shares of %j are named, and nobody else', (cheats) => {
      const { signing, shares } = rounds(suite, set, [1, 4, 5], message)
      for (const [i, id] of cheats.map(partyId).entries()) {
        shares.set(id, group.add(shares.get(id)!, group.scalar(i + 1)))
        expect(verifySignatureShare(signing, id, shares.get(id)!)).toBe(false)
      }
      expect(blamed(() => aggregate(signing, shares))).toEqual(cheats)
    })

    test('a negated share, a share of zero and a share of another message', () => {
      const { signing, shares } = rounds(suite, set, [1, 2, 3], message)
      const other = rounds(suite, set, [1, 2, 3], random(32))
      for (const wrong of [group.negate(shares.get(partyId(2))!), group.scalar(0), other.shares.get(partyId(2))!]) {
        expect(blamed(() => aggregate(signing, new Map(shares).set(partyId(2), wrong)))).toEqual([2])
      }
    })

    test('shares of the right sum verify, whoever the errors belong to', () => {
      const { signing, shares } = rounds(suite, set, [1, 2, 3], message)
      shares.set(partyId(1), group.add(shares.get(partyId(1))!, one))
      shares.set(partyId(2), group.subtract(shares.get(partyId(2))!, one))
      expect(verifySignature(suite, publicKeyOf(suite, set), message, aggregate(signing, shares))).toBe(true)
    })

    test('a record whose key is not that of its shares blames nobody', () => {
      const { signing, shares } = rounds(suite, { ...set, publicKey: group.generator }, [1, 2, 3], message)
      expect(blamed(() => aggregate(signing, shares))).toEqual([])
    })

    test('a share under another id is wrong', () => {
      const { signing, shares } = rounds(suite, set, [1, 2, 3], message)
      const [a, b] = [shares.get(partyId(1))!, shares.get(partyId(2))!]
      expect(verifySignatureShare(signing, partyId(1), b)).toBe(false)
      expect(verifySignatureShare(signing, partyId(2), a)).toBe(false)
      expect(blamed(() => aggregate(signing, new Map(shares).set(partyId(1), b)))).toEqual([1])
    })
  })

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
