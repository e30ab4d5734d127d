import { describe, expect, test } from 'vitest'
import type { ProtocolError } from '../../../../src/errors.ts'
import { createEcdsaSigning } from '../../../../src/protocol/ecdsa/signing/sign.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { seededRandom } from '../../../support/random.ts'
import { flip, rewrite, simulate } from '../../../support/simulator.ts'
import { backends, holders, ids, randomDigest, signingSessions } from '../support.ts'
import { expectAbort } from './expectations.ts'

describe.each(backends)('a cheating signer on $name', ({ backend }) => {
  // Row 20, as it applies to signing.
  test('a signer that tells two others different commitments is noticed by the echo', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const outcomes = simulate(signingSessions(backend, set, randomDigest(random), random), {
      intercept: (packet) => {
        const { round, to, body } = decodeEnvelope(packet.bytes)
        const splits = packet.from === 2 && packet.to === 3 && round === 1 && to === 0
        return [splits ? rewrite(packet, () => ({ body: flip(body, -1) })) : packet]
      },
    })
    for (const { done, error } of outcomes) {
      expect(done).toBeUndefined()
      if (error !== undefined) expect((error as ProtocolError).blame).toEqual([])
    }
  })

  test('a dealer of two views of R, honest in each of them, gets no signature share', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const digest = randomDigest(random)
    const signers = ids(1, 2, 3)
    const own = () => createEcdsaSigning({ backend, ...set[1]!, signers, digest, random })
    const honest = signingSessions(backend, set, digest, random)
    // Participant 2 is two: one speaks with the first, one with the third, and both hear both.
    const sessions = [honest[0]!, own(), honest[2]!, own()]
    const rounds = new Set<number>()
    const outcomes = simulate(sessions, {
      intercept: ({ from, to, bytes }) => {
        if (from === 1 || from === 3) rounds.add(decodeEnvelope(bytes).round)
        const isDealer = from === 2 || from === 4
        if (isDealer) return to === (from === 2 ? 1 : 3) ? [{ from: 2, to, bytes }] : []
        if (to === 4) return []
        return to === 2 ? [2, 4].map((one) => ({ from, to: one, bytes })) : [{ from, to, bytes }]
      },
    })
    for (const { done, error } of [outcomes[0]!, outcomes[2]!]) {
      expect(done).toBeUndefined()
      if (error !== undefined) expectAbort(error, 'ECHO', { blame: [], ban: false, round: 2 })
    }
    expect(Math.max(...rounds)).toBe(2)
    for (const { share, otStates } of [set[0]!, set[2]!]) {
      expect(otStates.map(({ cheat }) => cheat)).toEqual([undefined, undefined])
      expect(share.secretShare.some((byte) => byte !== 0)).toBe(true)
    }
  })

  // The echo and the session's id would have to fail before this check is needed.
  test.each([
    ['another statement', 0],
    ['the opposite R', 32],
    ['another x of R', 64],
  ])('signers of three that compare and find %s send no signature share', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const rounds: [number, number][] = []
    const [first, , third] = simulate(signingSessions(backend, set, randomDigest(random), random), {
      intercept: (packet) => {
        const { round } = decodeEnvelope(packet.bytes)
        rounds.push([packet.from, round])
        const lies = packet.from === 2 && round === 4
        return [lies ? rewrite(packet, ({ body }) => ({ body: flip(body, at) })) : packet]
      },
    })
    expectAbort(first!.error, 'ECHO', { blame: [], ban: false, round: 4 })
    expectAbort(third!.error, 'ECHO', { blame: [], ban: false, round: 4 })
    expect(rounds.filter(([from, round]) => from !== 2 && round === 5)).toEqual([])
  })
})
