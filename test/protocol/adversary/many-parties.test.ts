import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { concatBytes } from '../../../src/util/bytes.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { generate, keygenSessions, newParties, PAIR, reshareSessions } from '../../support/sets.ts'
import { flip, type Network, rewrite, simulate } from '../../support/simulator.ts'
import { expectAbort } from './expectations.ts'

/** Changes the body of what participant 2 sends in a round. */
function spoil(round: number, change: (body: Uint8Array) => Uint8Array, to = 1): Network {
  return {
    intercept: (packet) => {
      const { round: sent, from } = decodeEnvelope(packet.bytes)
      if (sent !== round || from !== 2 || packet.to !== to) return [packet]
      return [rewrite(packet, ({ body }) => ({ body: change(body) }))]
    },
  }
}

describe.each(groups)('three parties and an equivocator on $name', ({ group }) => {
  const run = (network: Network) =>
    simulate(keygenSessions({ group, threshold: 2, parties: newParties([1, 2, 3]) }, seededRandom()), network)

  test('20: two commitments', () => {
    const [first, , third] = run(spoil(1, (body) => flip(body, -1), 3))
    expectAbort(first?.error, 'ECHO', 2, [])
    expectAbort(third?.error, 'ECHO', 2, [])
  })

  test('20: two nonces: nobody gets a result', () => {
    const outcomes = run(spoil(1, (body) => flip(body, 0), 3))
    for (const { done, prepared } of outcomes) expect([done, prepared]).toEqual([undefined, undefined])
  })

  test('20: two proofs of knowledge, both valid', () => {
    // Participant 2 runs twice with the same messages up to its proof, whose nonce is drawn last.
    const prove = (salt: number) => {
      const random = seededRandom('equivocator')
      let drawn = 0
      return (length: number) => {
        drawn += 1
        const bytes = random(length)
        return drawn === 6 ? bytes.map((byte) => byte ^ salt) : bytes
      }
    }
    const parties = newParties([1, 2, 3])
    const sessions = (salt: number) =>
      [1, 2, 3].map((self) => {
        const random = self === 2 ? prove(salt) : seededRandom(`honest ${self}`)
        return keygenSessions({ group, threshold: 2, parties }, random)[self - 1]!
      })
    const twins: Uint8Array[] = []
    simulate(sessions(1), {
      intercept: (packet) => {
        if (packet.from === 2 && packet.to === 3) twins.push(packet.bytes)
        return [packet]
      },
    })
    const twin = twins.find((bytes) => {
      const { round, to } = decodeEnvelope(bytes)
      return round === 2 && to === 0
    }) as Uint8Array
    let replaced = 0
    const outcomes = simulate(sessions(0), {
      intercept: (packet) => {
        const { round, to } = decodeEnvelope(packet.bytes)
        if (packet.from !== 2 || packet.to !== 3 || round !== 2 || to !== 0) return [packet]
        expect(packet.bytes).not.toEqual(twin)
        replaced += 1
        return [{ ...packet, bytes: twin }]
      },
    })
    expect(replaced).toBe(1)
    expectAbort(outcomes[0]?.error, 'ECHO', 3, [])
    expectAbort(outcomes[2]?.error, 'ECHO', 3, [])
  })

  test('a message without its echo', () => {
    const [first] = run(spoil(2, (body) => body.subarray(0, 31)))
    expectAbort(first?.error, 'FORMAT', 2, [2])
  })
})

describe.each(groups)('many participants on $name', ({ group }) => {
  test('all who send bad shares are blamed, and nobody else', () => {
    const sessions = keygenSessions({ group, threshold: 2, parties: newParties([1, 2, 3, 4]) }, seededRandom())
    const outcomes = simulate(sessions, {
      intercept: (packet) => {
        const { round, to, from } = decodeEnvelope(packet.bytes)
        if (round !== 2 || to !== 1 || from === 3) return [packet]
        return [
          rewrite(packet, ({ body }) => {
            const share = group.add(body.slice(0, 32) as Scalar, group.scalar(1))
            return { body: concatBytes(share, body.subarray(32)) }
          }),
        ]
      },
    })
    expectAbort(outcomes[0]?.error, 'FELDMAN', 2, [2, 4])
  })

  test('participant numbers are blamed, not ids', () => {
    const sessions = keygenSessions({ group, threshold: 2, parties: newParties([9, 90, 200]) }, seededRandom())
    const outcomes = simulate(
      sessions,
      spoil(2, (body) => (body.length > 64 ? flip(body, -33) : body)),
    )
    expectAbort(outcomes[0]?.error, 'COMMIT', 2, [2])
  })

  test('23: in a reshare a mere receiver sees the cheat too', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const participants = [...PAIR, { receiver: newParties([3])[0]! }]
    const sessions = reshareSessions({ group, shares, participants, threshold: 2 }, random)
    const outcomes = simulate(sessions, {
      intercept: (packet) => {
        const { round, from } = decodeEnvelope(packet.bytes)
        if (round !== 3 || from !== 1 || packet.to !== 3) return [packet]
        return [
          rewrite(packet, ({ body }) => {
            const share = group.add(body.slice(0, 32) as Scalar, group.scalar(1))
            return { body: concatBytes(share, body.subarray(32)) }
          }),
        ]
      },
    })
    expectAbort(outcomes[2]?.error, 'FELDMAN', 3, [1])
    expect(outcomes.every(({ done }) => done === undefined)).toBe(true)
  })
})
