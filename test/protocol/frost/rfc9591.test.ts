import { describe, expect, test } from 'vitest'

import type { Group, Scalar } from '../../../src/curve/group.ts'
import { aggregate } from '../../../src/protocol/frost/aggregate.ts'
import {
  bindingFactorPrefix,
  commitmentLength,
  decodeCommitment,
  type NonceCommitment,
} from '../../../src/protocol/frost/commitment.ts'
import { commit, type SigningNonces } from '../../../src/protocol/frost/nonces.ts'
import { signShare, verifySignatureShare } from '../../../src/protocol/frost/sign.ts'
import { prepareSigning } from '../../../src/protocol/frost/signing-package.ts'
import { frostSuite } from '../../../src/protocol/frost/suites.ts'
import { verifySignature } from '../../../src/protocol/frost/verify.ts'
import { commit as feldmanCommit, verifyShare } from '../../../src/secret-sharing/feldman.ts'
import { recombine } from '../../../src/secret-sharing/shamir.ts'
import { partyId } from '../../../src/types.ts'
import { concatBytes, fromHex, toHex } from '../../../src/util/bytes.ts'
import { backends } from '../../support/groups.ts'
import { replay } from './support.ts'
import { FROST_VECTORS, type FrostVector } from './vectors/rfc9591.ts'

const cases = backends.flatMap(({ name, create }) =>
  FROST_VECTORS.map((vector) => ({ name: `${vector.suite} (${name})`, vector, group: create(vector.suite) })),
)

describe.each(cases)('RFC 9591 appendix E: $name', ({ vector, group }) => {
  const suite = frostSuite(vector.suite, group)
  const scalar = (text: string): Scalar => group.decodeScalar(fromHex(text))
  const message = fromHex(vector.message)
  const set = dealtSet(group, vector)
  const shareOf = (id: number): Scalar => scalar(vector.participantShares[id] as string)
  const roundOne = (): SigningNonces[] =>
    vector.signers.map(({ id, hidingRandomness, bindingRandomness }) =>
      commit(suite, partyId(id), shareOf(id), replay(fromHex(hidingRandomness), fromHex(bindingRandomness))),
    )
  const commitmentsOf = (nonces: readonly SigningNonces[]): NonceCommitment[] => nonces.map((n) => n.commitment)

  test('the shares are those of the polynomial and verify against its commitment', () => {
    const coefficients = [scalar(vector.groupSecretKey), scalar(vector.coefficient)]
    expect(toHex(group.encodePoint(group.multiplyBase(scalar(vector.groupSecretKey))))).toBe(vector.groupPublicKey)
    const ids = Object.keys(vector.participantShares).map(Number).map(partyId)
    expect(group.evaluatePolynomial(coefficients, ids).map(toHex)).toEqual(Object.values(vector.participantShares))
    for (const id of ids) expect(verifyShare(group, feldmanCommit(group, coefficients), id, shareOf(id))).toBe(true)
    const shares = [1, 3].map((id) => ({ id: partyId(id), value: shareOf(id) }))
    expect(toHex(recombine(group, shares, vector.threshold))).toBe(vector.groupSecretKey)
  })

  test('round one: nonces and commitments', () => {
    for (const [i, nonces] of roundOne().entries()) {
      const wanted = vector.signers[i]!
      expect(toHex(nonces.commitment.encoded)).toBe(wanted.hidingCommitment + wanted.bindingCommitment)
      nonces.spend((hiding, binding) => {
        expect(toHex(hiding)).toBe(wanted.hidingNonce)
        expect(toHex(binding)).toBe(wanted.bindingNonce)
      })
    }
  })

  test('binding factors, from input to output', () => {
    const commitments = vector.signers.map(({ id, hidingCommitment, bindingCommitment }) =>
      decodeCommitment(suite, partyId(id), fromHex(hidingCommitment + bindingCommitment)),
    )
    expect(commitments[0]?.encoded).toHaveLength(commitmentLength(suite))
    const prefix = bindingFactorPrefix(suite, fromHex(vector.groupPublicKey), commitments, message)
    const signing = prepareSigning(suite, set, [...commitments].reverse(), message)
    expect([...signing.signers.keys()]).toEqual(vector.signers.map(({ id }) => id))
    for (const { id, bindingFactorInput, bindingFactor } of vector.signers) {
      expect(toHex(concatBytes(prefix, group.scalar(id)))).toBe(bindingFactorInput)
      expect(toHex(signing.signers.get(partyId(id))!.bindingFactor)).toBe(bindingFactor)
    }
  })

  test('round two: signature shares, their verification, and the signature', () => {
    const nonces = roundOne()
    const signing = prepareSigning(suite, set, commitmentsOf(nonces), message)
    const shares = new Map(
      nonces.map((own) => [own.commitment.id, signShare(signing, shareOf(own.commitment.id), own)]),
    )
    for (const { id, signatureShare } of vector.signers) {
      expect(toHex(shares.get(partyId(id))!)).toBe(signatureShare)
      expect(verifySignatureShare(signing, partyId(id), scalar(signatureShare))).toBe(true)
    }
    const signature = aggregate(signing, shares)
    expect(toHex(signature)).toBe(vector.signature)
    expect(verifySignature(suite, fromHex(vector.groupPublicKey), message, signature)).toBe(true)
  })
})

function dealtSet(group: Group, vector: FrostVector) {
  const parties = Object.entries(vector.participantShares).map(([id, share]) => ({
    id: partyId(Number(id)),
    role: 'client' as const,
    verifyingShare: group.multiplyBase(group.decodeScalar(fromHex(share))),
  }))
  return { threshold: vector.threshold, parties, publicKey: group.decodePoint(fromHex(vector.groupPublicKey)) }
}
