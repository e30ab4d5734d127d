import { describe, expect, test } from 'vitest'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { concatBytes } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { generate, keygenSessions, newParties, PAIR, reshareSessions } from '../../support/sets.ts'
import { flip, type Network, type Packet, rewrite, simulate } from '../../support/simulator.ts'
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

describe.each(groups)('the last round on $name', ({ group }) => {
  const runs = [
    {
      name: 'key generation',
      last: 3,
      run: (network: Network, random: RandomSource = seededRandom()) =>
        simulate(keygenSessions({ group, threshold: 2, parties: newParties([1, 2]) }, random), network),
    },
    {
      name: 'reshare',
      last: 4,
      run: (network: Network, random: RandomSource = seededRandom()) => {
        const shares = generate(group, 2, 2, random)
        return simulate(reshareSessions({ group, shares, participants: PAIR, threshold: 2 }, random), network)
      },
    },
  ]

  test.each(runs)('$name: another transcript', ({ last, run }) => {
    const [victim] = run(spoil(last, (body) => flip(body, 0)))
    expectAbort(victim?.error, 'ECHO', last, [])
    expect(victim?.done).toBeUndefined()
  })

  test.each(runs)('$name: no proof of possession, no result', ({ last, run }) => {
    for (const at of [33, -1]) {
      const low = group.curve === 'ed25519' && at === -1 ? -32 : at
      const [victim] = run(spoil(last, (body) => flip(body, low)))
      expectAbort(victim?.error, 'POP', last, [2])
    }
  })

  test.each(runs)('$name: lengths are exact', ({ last, run }) => {
    for (const change of [(body: Uint8Array) => body.slice(0, -1), () => new Uint8Array(0)]) {
      expectAbort(run(spoil(last, change))[0]?.error, 'FORMAT', last, [2])
    }
    const [victim] = run(spoil(last, (body) => concatBytes(body, Uint8Array.of(0))))
    expect([victim?.error, victim?.done, victim?.receipts.at(-1)]).toEqual([undefined, undefined, 'dropped'])
  })

  test.each(runs)('$name, 21: whoever does not hear that the others are prepared is not done', ({ last, run }) => {
    const withhold = (packet: Packet) =>
      decodeEnvelope(packet.bytes).round === last && packet.to === 1 ? [] : [packet]
    const [victim, other] = run({ intercept: withhold })
    expect(victim?.prepared).toBeDefined()
    expect(victim?.done).toBeUndefined()
    expect(other?.done).toBeDefined()
  })

  test.each(runs)('$name, 17: a proof of possession of another session does not hold', ({ last, run }) => {
    let proof: Uint8Array | undefined
    const random = seededRandom()
    run(
      spoil(last, (body) => (proof = body)),
      random,
    )
    const replay = (body: Uint8Array) => concatBytes(body.subarray(0, 32), (proof as Uint8Array).subarray(32))
    expectAbort(run(spoil(last, replay), random)[0]?.error, 'POP', last, [2])
  })
})
