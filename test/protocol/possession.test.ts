import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AbortReason, ProtocolError } from '../../src/errors.ts'
import {
  newChallenge,
  provePossession,
  verifyPossession,
  type VerifyPossessionOptions,
} from '../../src/protocol/possession/index.ts'
import type { KeyShare } from '../../src/key-share/index.ts'
import { partyId } from '../../src/types.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { generate, PAIR, reshare } from '../support/sets.ts'
import { flip } from '../support/simulator.ts'

const [CLIENT, SERVER] = [partyId(1), partyId(2)]

describe.each(groups)('proof of possession on $name', ({ group }) => {
  function setup() {
    const random = seededRandom()
    const shares = generate(group, 2, 3, random)
    const [share] = shares as [KeyShare]
    const nonce = newChallenge(random, random(16))
    const proof = provePossession({ group, share, verifier: SERVER, nonce, random })
    const valid: VerifyPossessionOptions = {
      group,
      record: share.record,
      prover: CLIENT,
      verifier: SERVER,
      nonce,
      proof,
    }
    return { random, shares, share, valid }
  }

  function reasonOf(options: VerifyPossessionOptions): AbortReason | undefined {
    try {
      verifyPossession(options)
      return undefined
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError)
      expect((error as ProtocolError).blame).toEqual([options.prover])
      return (error as ProtocolError).reason
    }
  }

  test('holds for the one that has the share', () => {
    const { valid } = setup()
    expect(valid.proof.length).toBe(group.pointLength + 32)
    expect(reasonOf(valid)).toBeUndefined()
  })

  test('two proofs differ', () => {
    const { random, share, valid } = setup()
    const again = provePossession({ group, share, verifier: SERVER, nonce: valid.nonce, random })
    expect(again).not.toEqual(valid.proof)
  })

  // Attack 17: a proof says who, to whom, when and of which set.
  test('is bound to nonce, verifier, prover and set', () => {
    const { random, shares, valid } = setup()
    expect(reasonOf({ ...valid, nonce: newChallenge(random, random(16)) })).toBe('POP')
    expect(reasonOf({ ...valid, verifier: partyId(3) })).toBe('POP')
    expect(reasonOf({ ...valid, prover: SERVER })).toBe('POP')
    const { record } = valid
    expect(reasonOf({ ...valid, record: { ...record, setId: flip(record.setId, 0) } })).toBe('POP')
    const publicKey = group.addPoints(record.publicKey, group.generator)
    expect(reasonOf({ ...valid, record: { ...record, publicKey } })).toBe('POP')
    const sibling = reshare({ group, shares, participants: PAIR, threshold: 2, purpose: 'signing' }, random)
    expect(reasonOf({ ...valid, record: sibling[0]!.record })).toBe('POP')
  })

  test('fails without the share', () => {
    const { random, shares, share, valid } = setup()
    const impostor = { ...share, secretShare: shares[1]!.secretShare }
    const proof = provePossession({ group, share: impostor, verifier: SERVER, nonce: valid.nonce, random })
    expect(reasonOf({ ...valid, proof })).toBe('POP')
  })

  test('bytes that are no proof are FORMAT or POP, nothing else', () => {
    const { valid } = setup()
    expect(reasonOf({ ...valid, proof: valid.proof.slice(0, -1) })).toBe('FORMAT')
    expect(reasonOf({ ...valid, proof: Uint8Array.of(...valid.proof, 0) })).toBe('FORMAT')
    expect(reasonOf({ ...valid, proof: new Uint8Array(group.pointLength + 32) })).toBe('POP')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (proof) => {
        expect(['FORMAT', 'POP']).toContain(reasonOf({ ...valid, proof }))
      }),
      { numRuns: 30 },
    )
  })

  test('wrong arguments', () => {
    const { random, share, valid } = setup()
    const nonce = valid.nonce.slice(1)
    expect(() => verifyPossession({ ...valid, nonce })).toThrow(RangeError)
    expect(() => verifyPossession({ ...valid, prover: partyId(9) })).toThrow(RangeError)
    expect(() => verifyPossession({ ...valid, verifier: partyId(9) })).toThrow(RangeError)
    expect(() => verifyPossession({ ...valid, proof: 'proof' as never })).toThrow(TypeError)
    expect(() => provePossession({ group, share, verifier: SERVER, nonce, random })).toThrow(RangeError)
    expect(() => provePossession({ group, share, verifier: partyId(9), nonce: valid.nonce, random })).toThrow(
      RangeError,
    )
  })
})
