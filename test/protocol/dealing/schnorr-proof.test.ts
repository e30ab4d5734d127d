import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { type Challenge, failingClaims, proveKnowledge } from '../../../src/protocol/dealing/schnorr-proof.ts'
import { createHasher, scalarFromHash } from '../../../src/protocol/transcript/transcript.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'

describe.each(groups)('proofs of knowledge on $name', ({ group }) => {
  const random = seededRandom('schnorr')
  const hash = createHasher(group.curve, 'keygen')
  const challenge: Challenge = (commitment) => scalarFromHash(group, hash, hash('pok', commitment))
  const secret = group.randomScalar(random)
  const point = group.multiplyBase(secret)

  test('hold, one by one and together', () => {
    const claims = [1, 2, 3].map(() => ({ point, challenge, proof: proveKnowledge(group, secret, random, challenge) }))
    expect(failingClaims(group, claims)).toEqual([])
    expect(failingClaims(group, [])).toEqual([])
  })

  test('name the ones that do not hold', () => {
    const claim = { point, challenge, proof: proveKnowledge(group, secret, random, challenge) }
    const other = { ...claim, point: group.generator }
    expect(failingClaims(group, [other, claim, other])).toEqual([0, 2])
  })

  test('with k = 0 do not hold: the identity is no R, and no other point stands for it', () => {
    for (const commitment of [group.encodePoint(group.generator), new Uint8Array(group.pointLength)]) {
      const response: Scalar = group.multiply(challenge(commitment), secret)
      expect(failingClaims(group, [{ point, challenge, proof: { commitment, response } }])).toEqual([0])
    }
  })

  test('leave neither their nonce nor what it hides behind', () => {
    const secrets: Scalar[] = []
    const keep = (scalar: Scalar): Scalar => {
      secrets.push(scalar)
      return scalar
    }
    const watched: Group = {
      ...group,
      randomScalar: (source) => keep(group.randomScalar(source)),
      multiply: (a, b) => keep(group.multiply(a, b)),
    }
    proveKnowledge(watched, secret, random, challenge)
    expect(secrets).toHaveLength(2)
    expect(secrets.every((scalar) => group.isZero(scalar))).toBe(true)
  })
})
