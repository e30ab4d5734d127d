import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/errors.ts'
import { aggregate } from '../../../src/protocol/frost/aggregate.ts'
import { verifySignatureShare } from '../../../src/protocol/frost/sign.ts'
import { type FrostSuite, publicBytes } from '../../../src/protocol/frost/suites.ts'
import { verifySignature } from '../../../src/protocol/frost/verify.ts'
import { partyId } from '../../../src/types.ts'
import { seededRandom } from '../../support/random.ts'
import { deal, type DealtSet, suites } from './support.ts'
import { rounds } from './signing-rounds.ts'

const random = seededRandom()

function publicKeyOf(suite: FrostSuite, set: DealtSet): Uint8Array {
  return publicBytes(suite, suite.group.encodePoint(set.publicKey)).slice()
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
})
