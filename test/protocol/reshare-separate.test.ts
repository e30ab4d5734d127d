import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../src/curve/group.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/session/envelope.ts'
import { type ReshareParticipant, type ReshareResult, restoreReshare } from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import { type KeyShare, validateKeyShare } from '../../src/key-share/index.ts'
import { partyId } from '../../src/types.ts'
import { concatBytes } from '../../src/util/bytes.ts'
import { expectAbort } from './adversary/expectations.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { firstIds, generate, GRID, keyOf, newParties, reshareSessions, reshareTerms } from '../support/sets.ts'
import { flip, type Network, type Packet, rewrite, simulate } from '../support/simulator.ts'

// A reshare whose dealers and receivers are not the same. The numbers are those of the attack list in docs/security.md.

const dealersOnly = (ids: readonly number[]): ReshareParticipant[] => ids.map((id) => ({ dealer: partyId(id) }))
const receiversOnly = (ids: readonly number[]): ReshareParticipant[] =>
  newParties(ids).map((receiver) => ({ receiver }))

/** How a device joins: 1 deals, 2 (the server) deals and receives, 3 receives. */
const JOIN: readonly ReshareParticipant[] = [
  { dealer: partyId(1) },
  { dealer: partyId(2), receiver: { id: partyId(2), role: 'server' } },
  { receiver: { id: partyId(1), role: 'client' } },
]
const [DEALER, SERVER, RECEIVER] = [1, 2, 3]

describe.each(groups)('separate dealers and receivers on $name', ({ group }) => {
  /** Runs a join; gives what became of each participant and the rounds of what each sent, one entry a packet. */
  function join(network: Network = {}, random = seededRandom()) {
    const shares = generate(group, 2, 2, random)
    const sessions = reshareSessions({ group, shares, participants: JOIN, threshold: 2 }, random)
    const sent: number[][] = [[], [], []]
    const outcomes = simulate(sessions, {
      ...network,
      intercept: (packet) => {
        sent[packet.from - 1]!.push(decodeEnvelope(packet.bytes).round)
        return network.intercept?.(packet) ?? [packet]
      },
    })
    return { shares, outcomes, sent }
  }

  /** Changes the body of what a participant sends in a round, its echo included. */
  function spoil(from: number, round: number, change: (body: Uint8Array) => Uint8Array, to?: number): Network {
    const isMeant = (packet: Packet) =>
      packet.from === from && decodeEnvelope(packet.bytes).round === round && (to === undefined || packet.to === to)
    return {
      intercept: (packet) => [isMeant(packet) ? rewrite(packet, ({ body }) => ({ body: change(body) })) : packet],
    }
  }

  const expectNobodyDone = (outcomes: readonly { done?: unknown }[]) =>
    expect(outcomes.map(({ done }) => done)).toEqual([undefined, undefined, undefined])

  test.each(GRID)('%i of %i: new parties get the key, and dealers that leave have no share', (threshold, count) => {
    const random = seededRandom()
    const shares = generate(group, threshold, count, random)
    const dealers = firstIds(count).slice(-threshold)
    const participants = [...dealersOnly(dealers), ...receiversOnly(firstIds(count))]
    const outcomes = simulate(reshareSessions({ group, shares, participants, threshold }, random), { shuffled: random })
    const made = outcomes.flatMap(({ done }) => (done?.share === undefined ? [] : [done.share]))
    expect(outcomes.map(({ done }) => done?.share !== undefined)).toEqual(
      participants.map(({ receiver }) => receiver !== undefined),
    )
    for (const share of made) validateKeyShare(group, share)
    expect(keyOf(group, made.slice(-threshold))).toEqual(keyOf(group, shares))
  })

  test('a device joins: who sends which rounds', () => {
    const { shares, outcomes, sent } = join()
    // To both others, except the shares of round 3, which go to one receiver each.
    expect(sent).toEqual([
      [1, 1, 2, 2, 3, 3],
      [1, 1, 2, 2, 3, 4, 4],
      [1, 1, 4, 4],
    ])
    const [dealer, server, receiver] = outcomes.map(({ done }) => done as ReshareResult)
    expect(dealer?.share).toBeUndefined()
    expect(keyOf(group, [receiver!.share!, server!.share!])).toEqual(keyOf(group, shares))
    expect(server!.record.parties.map(({ id, role }) => [id, role])).toEqual([
      [1, 'client'],
      [2, 'server'],
    ])
  })

  test('an old and a new share do not make the key', () => {
    const { shares, outcomes } = join()
    const [, server, receiver] = outcomes.map(({ done }) => done?.share as KeyShare)
    const key = keyOf(group, shares)
    expect(keyOf(group, [shares[0]!, server!])).not.toEqual(key)
    expect(keyOf(group, [receiver!, shares[1]!])).not.toEqual(key)
  })

  test('every participant can be stored and restored after each step', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const plan = { group, shares, participants: JOIN, threshold: 2 }
    const again = (participant: number, session: Session<ReshareResult>) =>
      restoreReshare(session.export(), reshareTerms(plan, participant, random))
    const outcomes = simulate(reshareSessions(plan, random), {}, { afterStep: again })
    expect(outcomes.map(({ done }) => done?.share !== undefined)).toEqual([false, true, true])
  })

  test('24: no share leaves a dealer before every dealer has proven its own', () => {
    const { outcomes, sent } = join(spoil(SERVER, 2, (body) => flip(body, -65)))
    for (const at of [DEALER, RECEIVER]) expect(outcomes[at - 1]?.error).toMatchObject({ round: 2, blame: [SERVER] })
    expect(sent[DEALER - 1]).toEqual([1, 1, 2, 2])
    expect(sent[RECEIVER - 1]).toEqual([1, 1])
    expectNobodyDone(outcomes)
  })

  test('24: a dealer without the old share gets nothing', () => {
    const random = seededRandom()
    const [shares, other] = [generate(group, 2, 2, random), generate(group, 2, 2, random)]
    const { record } = shares[0]!
    const forged = [{ ...other[0]!, record }, shares[1]!]
    const sent: number[][] = [[], [], []]
    const outcomes = simulate(reshareSessions({ group, shares: forged, participants: JOIN, threshold: 2 }, random), {
      intercept: (packet) => {
        sent[packet.from - 1]!.push(decodeEnvelope(packet.bytes).round)
        return [packet]
      },
    })
    for (const at of [SERVER, RECEIVER]) expectAbort(outcomes[at - 1]?.error, 'PIN', 2, [DEALER])
    expect(sent[SERVER - 1]).toEqual([1, 1, 2, 2])
  })

  test('23: a mere receiver finds another constant, and blames its dealer', () => {
    const { outcomes } = join(spoil(DEALER, 2, (body) => flip(body, 1), RECEIVER))
    expect(outcomes[RECEIVER - 1]?.error).toMatchObject({ code: 'PROTOCOL_ABORTED', round: 2, blame: [DEALER] })
    expect(outcomes.map(({ done }) => done)).toEqual([undefined, undefined, undefined])
  })

  test.each([DEALER, SERVER])(
    'a wrong share from participant %i: the receiver blames it, and nobody is done',
    (from) => {
      const off = (body: Uint8Array) =>
        concatBytes(group.add(body.slice(0, 32) as Scalar, group.scalar(1)), body.subarray(32))
      const { outcomes, sent } = join(spoil(from, 3, off, RECEIVER))
      expectAbort(outcomes[RECEIVER - 1]?.error, 'FELDMAN', 3, [from])
      expect(sent[RECEIVER - 1]).toEqual([1, 1])
      expectNobodyDone(outcomes)
    },
  )

  test('a receiver that lies: a wrong proof is blamed by both others', () => {
    const { outcomes } = join(spoil(RECEIVER, 4, (body) => flip(body, 33)))
    for (const at of [DEALER, SERVER]) {
      expectAbort(outcomes[at - 1]?.error, 'POP', 4, [RECEIVER])
      expect(outcomes[at - 1]?.done).toBeUndefined()
    }
  })

  test('a receiver that has seen another transcript: nobody can be blamed, and no dealer is done', () => {
    const { outcomes } = join(spoil(RECEIVER, 4, (body) => flip(body, 0)))
    for (const at of [DEALER, SERVER]) expectAbort(outcomes[at - 1]?.error, 'ECHO', 4, [])
  })

  test('17: the confirmation of another session does not hold', () => {
    const random = seededRandom()
    let recorded: Uint8Array | undefined
    join(
      spoil(RECEIVER, 4, (body) => (recorded = body)),
      random,
    )
    const replay = (body: Uint8Array) =>
      concatBytes(body.subarray(0, 32), recorded!.subarray(32, -32), body.subarray(-32))
    const { outcomes } = join(spoil(RECEIVER, 4, replay), random)
    for (const at of [DEALER, SERVER]) expectAbort(outcomes[at - 1]?.error, 'POP', 4, [RECEIVER])
  })

  test.each([DEALER, SERVER, RECEIVER])('20: two nonces of participant %i: nobody gets a result', (from) => {
    const { outcomes } = join(spoil(from, 1, (body) => flip(body, 0), (from % 3) + 1))
    expectNobodyDone(outcomes)
    for (const [i, { prepared }] of outcomes.entries()) if (i + 1 !== from) expect(prepared).toBeUndefined()
  })

  test('20: two commitments of a dealer: the echo ends it', () => {
    const { outcomes, sent } = join(spoil(DEALER, 1, (body) => flip(body, -1), RECEIVER))
    expectNobodyDone(outcomes)
    expectAbort(outcomes[RECEIVER - 1]?.error, 'ECHO', 2, [])
    expect(sent[RECEIVER - 1]).toEqual([1, 1])
  })

  test('21: without the receiver’s confirmation nobody else is done', () => {
    const { outcomes } = join({
      intercept: (packet) => (packet.from === RECEIVER && decodeEnvelope(packet.bytes).round === 4 ? [] : [packet]),
    })
    expect(outcomes.map(({ done }) => done !== undefined)).toEqual([false, false, true])
    expect(outcomes[SERVER - 1]?.prepared).toBeDefined()
  })

  test.each([
    [DEALER, 2],
    [DEALER, 3],
    [SERVER, 3],
  ])('participant %i leaves before round %i: no receiver has a share', (from, round) => {
    const { outcomes } = join({
      intercept: (packet) => (packet.from === from && decodeEnvelope(packet.bytes).round >= round ? [] : [packet]),
    })
    expect(outcomes[RECEIVER - 1]?.prepared).toBeUndefined()
    for (const { error } of outcomes) expect(error).toBeUndefined()
  })

  test.each([
    ['a mere receiver deals', RECEIVER, 2, 0, SERVER],
    ['a mere receiver sends a share', RECEIVER, 3, SERVER, SERVER],
    ['a mere dealer confirms', DEALER, 4, 0, SERVER],
    ['a share for a mere dealer', SERVER, 3, DEALER, DEALER],
  ] as const)('31: a message that its part does not have is dropped: %s', (_, from, round, to, victim) => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const sessions = reshareSessions({ group, shares, participants: JOIN, threshold: 2 }, random)
    for (const session of sessions) session.start()
    const sid = random(32)
    const envelope = encodeEnvelope({ protocol: 'reshare', suite: group.curve, round, from, to, sid, body: random(64) })
    expect(sessions[victim - 1]!.receive(envelope)).toBe('dropped')
  })
})
