import { describe, expect, test } from 'vitest'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { type KeygenOptions, restoreKeygen } from '../../../src/protocol/keygen/index.ts'
import { type ReshareResult, type ReshareTerms, restoreReshare } from '../../../src/protocol/reshare/index.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import {
  firstIds,
  generate,
  keygenOptions,
  keygenSessions,
  newParties,
  PAIR,
  reshareSessions,
  reshareTerms,
} from '../../support/sets.ts'
import { simulate } from '../../support/simulator.ts'

type Pair = [Session<KeyShare>, Session<KeyShare>]

describe.each(groups)('export and restore on $name', ({ group }) => {
  const random = seededRandom('restore')
  const pairPlan = { group, threshold: 2, parties: newParties([1, 2]) }

  test.each([
    [2, 2],
    [2, 3],
  ])('a key generation of %i of %i goes on from every state', (threshold, count) => {
    const plan = { group, threshold, parties: newParties(firstIds(count)) }
    const restore = (session: Session<KeyShare>, participant: number) =>
      restoreKeygen(session.export(), keygenOptions(plan, participant, random))
    const resumed = keygenSessions(plan, random).map((session, i) => restore(session, i + 1))
    let restored = 0
    const outcomes = simulate(
      resumed,
      {},
      {
        afterStep: (participant, session) => {
          restored += 1
          return restore(session, participant)
        },
      },
    )
    expect(restored).toBeGreaterThanOrEqual(3 * count)
    for (const { done, error } of outcomes) {
      expect(error).toBeUndefined()
      expect(done?.record.setId).toHaveLength(32)
      expect(done?.record.setId).toEqual(outcomes[0]?.done?.record.setId)
    }
  })

  test.each([
    ['two machines', PAIR],
    [
      'four machines, a mere dealer and a mere receiver among them',
      [...PAIR, { dealer: newParties([3])[0]!.id }, { receiver: newParties([3])[0]! }],
    ],
  ] as const)('a reshare among %s goes on from every state', (_, participants) => {
    const shares = generate(group, 2, 3, random)
    const plan = { group, shares, participants, threshold: 2 }
    const restore = (session: Session<ReshareResult>, participant: number) =>
      restoreReshare(session.export(), reshareTerms(plan, participant, random))
    const resumed = reshareSessions(plan, random).map((session, i) => restore(session, i + 1))
    const afterStep = (participant: number, session: Session<ReshareResult>) => restore(session, participant)
    const outcomes = simulate(resumed, { shuffled: random }, { afterStep })
    for (const { done, error } of outcomes) {
      expect(error).toBeUndefined()
      expect(done?.record.setId).toHaveLength(32)
      expect(done?.record.setId).toEqual(outcomes[0]?.done?.record.setId)
    }
  })

  test.each(['key generation', 'reshare'])('early messages of a %s survive', (protocol) => {
    const shares = generate(group, 2, 2, random)
    const plan = { group, shares, participants: PAIR, threshold: 2 }
    const sessions = protocol === 'reshare' ? reshareSessions(plan, random) : keygenSessions(pairPlan, random)
    const [client, server] = sessions as [Session<unknown>, Session<unknown>]
    const restore = (state: Uint8Array): Session<unknown> =>
      protocol === 'reshare'
        ? restoreReshare(state, reshareTerms(plan, 1, random))
        : restoreKeygen(state, keygenOptions(pairPlan, 1, random))
    const hello = client.start().out
    const first = server.start().out
    hello.forEach((bytes) => server.receive(bytes))
    server.advance().out.forEach((bytes) => client.receive(bytes))
    const restored = restore(client.export())
    first.forEach((bytes) => restored.receive(bytes))
    // Rounds 2 and 3 at once: the server's opening, which came early, was all that was missing.
    expect(restored.advance().out.map((bytes) => decodeEnvelope(bytes).round)).toContain(3)
  })

  test('a state of something else is refused', () => {
    const [keygen] = keygenSessions(pairPlan, random) as Pair
    keygen.start()
    const state = keygen.export()
    const code = expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }) as Error
    const own = keygenOptions(pairPlan, 1, random)
    const shares = generate(group, 2, 2, random)
    const plan = { group, shares, participants: PAIR, threshold: 2 }
    expect(() => restoreReshare(state, reshareTerms(plan, 1, random))).toThrow(code)
    expect(() => restoreKeygen(state.with(0, 2), own)).toThrow(code)
    expect(() => restoreKeygen(state.slice(0, -1), own)).toThrow(code)
    expect(() => restoreKeygen(Uint8Array.of(...state, 0), own)).toThrow(code)
    expect(() => restoreKeygen(new Uint8Array(0), own)).toThrow(code)
    expect(restoreKeygen(state, own).advance()).toEqual({ out: [] })
  })

  const otherGroup = groups.find((one) => one.group.curve !== group.curve)!.group

  test.each<[string, Partial<KeygenOptions>]>([
    ['wallet', { walletId: new Uint8Array(16) }],
    ['purpose', { purpose: 'backup' }],
    ['participant', { self: newParties([1, 2])[1]!.id }],
    ['list of parties', { parties: newParties([1, 3]) }],
    ['threshold', { parties: newParties([1, 2, 3]), threshold: 3 }],
    ['curve', { group: otherGroup }],
  ])('a key generation does not go on with another %s', (_, change) => {
    const [keygen] = keygenSessions(pairPlan, random) as Pair
    keygen.start()
    const state = keygen.export()
    const options = keygenOptions(pairPlan, 1, random)
    expect(() => restoreKeygen(state, { ...options, ...change })).toThrow(
      expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }) as Error,
    )
    expect(() => restoreKeygen(state, options)).not.toThrow()
  })

  const stranger = { dealer: newParties([3])[0]!.id, receiver: newParties([3])[0]! }

  test.each<[string, Partial<ReshareTerms>]>([
    ['purpose', { purpose: 'signing' }],
    ['flags', { flags: 1 }],
    ['participant', { self: 2 }],
    ['roles', { participants: [PAIR[1]!, PAIR[0]!] }],
    ['participants, whom the old set lacks', { participants: [PAIR[0]!, stranger] }],
    ['threshold', { participants: [...PAIR, { receiver: stranger.receiver }], threshold: 3 }],
    ['curve', { group: otherGroup }],
  ])('a reshare does not go on with another %s', (_, change) => {
    const shares = generate(group, 2, 2, random)
    const plan = { group, shares, participants: PAIR, threshold: 2 }
    const [session] = reshareSessions(plan, random)
    session!.start()
    const state = session!.export()
    const terms = reshareTerms(plan, 1, random)
    expect(() => restoreReshare(state, { ...terms, ...change })).toThrow(
      expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }) as Error,
    )
    expect(() => restoreReshare(state, terms)).not.toThrow()
  })
})
