import { describe, expect, test } from 'vitest'

import type { Scalar } from '../../../../src/curve/group.ts'
import { aggregate } from '../../../../src/protocol/ecdsa/signing/signature-share.ts'
import { scalarOfCommitment, scalarOfDigest } from '../../../../src/protocol/ecdsa/signing/signature.ts'
import type { PartyId } from '../../../../src/types.ts'
import { concatBytes } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { backends, ids, nobleAccepts, randomDigest } from '../support.ts'

describe.each(backends)('aggregating the shares of a signature on $name', ({ backend: { group } }) => {
  const random = seededRandom('aggregate')
  const [key, nonce] = [group.randomScalar(random), group.randomScalar(random)]
  const digest = randomDigest(random)
  const commitment = group.encodePoint(group.multiplyBase(nonce))
  const publicKey = group.encodePoint(group.multiplyBase(key))
  const signers = ids(3, 7)
  const [first, second, stranger] = ids(3, 7, 9) as [PartyId, PartyId, PartyId]
  const about = { signers, self: first, commitment, publicKey, round: 4 }
  // With φ = 1: u = k and w = m + r·x.
  const w = group.add(scalarOfDigest(group, digest), group.multiply(scalarOfCommitment(group, commitment), key))
  const share = (sharedW: Scalar, sharedU: Scalar) => concatBytes(sharedW, sharedU)
  const zero = group.scalar(0)
  const [own, other] = [share(w, zero), share(zero, nonce)]
  const run = (...shares: [PartyId, Uint8Array][]) => aggregate(group, about, digest, new Map(shares))

  test('a share may be zero', () => {
    expect(nobleAccepts(run([first, own], [second, other]), digest, publicKey)).toBe(true)
  })

  test('takes exactly one share of each signer', () => {
    expect(() => run([first, own])).toThrow('1 shares of 2 signers')
    expect(() => run([first, own], [second, other], [stranger, other])).toThrow('3 shares of 2 signers')
    expect(() => run([first, own], [stranger, other])).toThrow('the signature share of party 7 is missing')
  })

  test('a share that is no two scalars is the fault of its signer', () => {
    const reasons = [other.slice(1), concatBytes(other, Uint8Array.of(0)), other.slice().fill(255, 0, 32)]
    for (const bad of reasons) {
      expect(() => run([first, own], [second, bad])).toThrow(
        expect.objectContaining({ reason: 'FORMAT', blame: [2], round: 4 }) as Error,
      )
    }
    expect(() => run([first, own], [second, share(group.scalar(1), nonce)])).toThrow(
      expect.objectContaining({ reason: 'SIG', blame: [2], round: 4 }) as Error,
    )
  })
})
