import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { MpcError } from '../../../src/errors.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { type KeygenOptions, restoreKeygen } from '../../../src/protocol/keygen/index.ts'
import { type ReshareResult, type ReshareTerms, restoreReshare } from '../../../src/protocol/reshare/index.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { groups } from '../../support/groups.ts'
import { toHex } from '../../../src/util/bytes.ts'
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
import { flip, rewrite, simulate } from '../../support/simulator.ts'

const { group } = groups[0]!

type Pair = [Session<KeyShare>, Session<KeyShare>]

function pair(): Pair {
  return keygenSessions({ group, threshold: 2, parties: newParties([1, 2]) }, seededRandom()) as Pair
}

function change(envelope: Uint8Array, fields: Partial<Envelope>): Uint8Array {
  return encodeEnvelope({ ...decodeEnvelope(envelope), ...fields })
}

describe('order of use', () => {
  test('who answers receives first, and starts as it advances', () => {
    const [client, server] = pair()
    const [hello] = client.start().out as [Uint8Array]
    expect(server.receive(hello)).toBe('accepted')
    const { out } = server.advance()
    expect(out.map((bytes) => decodeEnvelope(bytes).round)).toEqual([1, 2, 2])
    expect(() => server.start()).toThrow(TypeError)
    for (const bytes of out) expect(client.receive(bytes)).toBe('accepted')
    expect(client.advance().prepared).toBeDefined()
  })

  test('an advance with nothing to go on is a start', () => {
    const [client] = pair()
    expect(client.advance().out).toHaveLength(1)
    expect(() => client.start()).toThrow(TypeError)
  })

  test('one start', () => {
    const [client] = pair()
    client.start()
    expect(() => client.start()).toThrow(TypeError)
  })

  test('advance without messages does nothing', () => {
    const [client] = pair()
    client.start()
    expect(client.advance()).toEqual({ out: [] })
  })

  test.each([
    ['dispose', (session: Session<KeyShare>) => session.dispose()],
    ['export', (session: Session<KeyShare>) => session.export()],
    [
      'a failed check',
      (session: Session<KeyShare>, peer: Session<KeyShare>) => {
        const [message] = peer.start().out as [Uint8Array]
        session.receive(change(message, { body: new Uint8Array(3) }))
        expect(() => session.advance()).toThrow(MpcError)
      },
    ],
  ])('nothing after %s', (_, end) => {
    const [client, server] = pair()
    client.start()
    end(client, server)
    expect(() => client.start()).toThrow(TypeError)
    expect(() => client.receive(new Uint8Array(0))).toThrow(TypeError)
    expect(() => client.advance()).toThrow(TypeError)
    expect(() => client.export()).toThrow(TypeError)
    expect(() => client.dispose()).not.toThrow()
  })

  test('nothing after done', () => {
    const [client, server] = pair()
    simulate([client, server])
    expect(() => client.advance()).toThrow(TypeError)
    expect(() => client.export()).toThrow(TypeError)
  })

  test('an envelope is bytes', () => {
    const [client] = pair()
    client.start()
    expect(() => client.receive('junk' as never)).toThrow(TypeError)
  })
})

describe('receive', () => {
  /** A client that has the server's first message and its second flight, and the server. */
  function afterRound1() {
    const [client, server] = pair()
    const hello = client.start().out
    const first = server.start().out
    hello.forEach((bytes) => server.receive(bytes))
    const second = server.advance().out
    return { client, server, first: first[0] as Uint8Array, second }
  }

  test('takes a message once and knows it again', () => {
    const { client, first, second } = afterRound1()
    expect(client.receive(first)).toBe('accepted')
    expect(client.receive(first)).toBe('duplicate')
    client.advance()
    expect(client.receive(first)).toBe('duplicate')
    for (const bytes of second) expect(client.receive(bytes)).toBe('accepted')
    client.advance()
    for (const bytes of second) expect(client.receive(bytes)).toBe('duplicate')
  })

  test('takes messages of later rounds early', () => {
    const { client, first, second } = afterRound1()
    for (const bytes of second) expect(client.receive(bytes)).toBe('accepted')
    for (const bytes of second) expect(client.receive(bytes)).toBe('duplicate')
    expect(client.advance().out).toEqual([])
    expect(client.receive(first)).toBe('accepted')
    expect(client.advance().prepared).toBeDefined()
  })

  // Attack 31: what does not belong to the session has no effect on it.
  test.each([
    ['no envelope', () => Uint8Array.of(1, 2, 3)],
    ['another version', (bytes) => bytes.with(0, 9)],
    ['another protocol', (bytes) => change(bytes, { protocol: 'reshare' })],
    ['another suite', (bytes) => change(bytes, { suite: 'ed25519' })],
    ['a stranger', (bytes) => change(bytes, { from: 3 })],
    ['itself', (bytes) => change(bytes, { from: 1 })],
    ['a message for somebody else', (bytes) => change(bytes, { to: 2 })],
    ['a private message where none is due', (bytes) => change(bytes, { to: 1 })],
    ['a round that the protocol lacks', (bytes) => change(bytes, { round: 4 })],
    ['another context', (bytes) => change(bytes, { sid: new Uint8Array(32) })],
  ] as [string, (bytes: Uint8Array) => Uint8Array][])('drops %s, and the session still completes', (_, spoil) => {
    const [client, server] = pair()
    const outcomes = simulate([client, server], {
      intercept: (packet) =>
        packet.to === 1 && decodeEnvelope(packet.bytes).round === 1
          ? [{ ...packet, bytes: spoil(packet.bytes) }, packet]
          : [packet],
    })
    expect(outcomes[0]?.receipts[0]).toBe('dropped')
    expect(outcomes.every(({ done }) => done !== undefined)).toBe(true)
  })

  test('drops what is for somebody else, and the session still completes', () => {
    const sessions = keygenSessions({ group, threshold: 2, parties: newParties([1, 2, 3]) }, seededRandom())
    const outcomes = simulate(sessions, {
      // The shares for participant 1 reach participant 3 before its own do.
      intercept: (packet) => (packet.to === 1 ? [{ ...packet, to: 3 }, packet] : [packet]),
    })
    expect(outcomes[2]?.receipts).toContain('dropped')
    expect(outcomes.every(({ done }) => done !== undefined)).toBe(true)
  })

  test('drops another session id, early or late', () => {
    const { client, first, second } = afterRound1()
    const stray = second.map((bytes) => change(bytes, { sid: new Uint8Array(32).fill(1) }))
    for (const bytes of stray) expect(client.receive(bytes)).toBe('accepted')
    for (const bytes of second) expect(client.receive(bytes)).toBe('accepted')
    client.receive(first)
    expect(client.advance().prepared).toBeDefined()
    for (const bytes of stray) expect(client.receive(bytes)).toBe('dropped')
  })

  test('keeps no more than a few early rivals for one slot', () => {
    const { client, second } = afterRound1()
    const [opening] = second as [Uint8Array]
    const receipts = [1, 2, 3, 4, 5].map((n) => client.receive(change(opening, { sid: new Uint8Array(32).fill(n) })))
    expect(receipts).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'dropped'])
  })

  test('the first message for a slot binds, a second one is dropped', () => {
    const { client, first, second } = afterRound1()
    client.receive(first)
    expect(client.receive(change(first, { body: flip(decodeEnvelope(first).body, 0) }))).toBe('dropped')
    for (const bytes of second) client.receive(bytes)
    expect(client.advance().prepared).toBeDefined()
  })

  test('a session with messages withheld stays where it is', () => {
    for (const withheld of [1, 2, 3]) {
      const outcomes = simulate(pair(), {
        intercept: (packet) => (decodeEnvelope(packet.bytes).round === withheld && packet.to === 1 ? [] : [packet]),
      })
      expect(outcomes[0]).toMatchObject({ receipts: expect.anything() as unknown })
      expect(outcomes[0]?.done).toBeUndefined()
      expect(outcomes[0]?.error).toBeUndefined()
    }
  })
})

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

describe('secrets', () => {
  test('a result survives the session that gave it, and dispose does not touch it', () => {
    const [client, server] = pair()
    const outcomes = simulate([client, server])
    client.dispose()
    const { prepared, done } = outcomes[0]!
    expect(done?.secretShare).toEqual(prepared?.secretShare)
    expect(done?.secretShare.some((byte) => byte !== 0)).toBe(true)
  })

  test('a wiped prepared share does not harm the one that is done', () => {
    const outcomes = simulate(pair(), {}, { afterStep: (_, session) => session })
    expect(outcomes[0]!.prepared).not.toBe(outcomes[0]!.done)
    outcomes[0]!.prepared!.secretShare.fill(0)
    expect(outcomes[0]!.done!.secretShare.some((byte) => byte !== 0)).toBe(true)
  })

  /** The group, and every secret scalar that it hands out: constants, coefficients, nonces, products, shares. */
  function watch(group: Group): { watched: Group; secrets: Scalar[] } {
    const secrets: Scalar[] = []
    const dealt = new Set<string>()
    const keep = <S extends Scalar | Scalar[]>(made: S): S => {
      secrets.push(...[made].flat())
      return made
    }
    const watched: Group = {
      ...group,
      randomScalar: (random) => keep(group.randomScalar(random)),
      multiply: (a, b) => keep(group.multiply(a, b)),
      evaluatePolynomial: (coefficients, xs) => {
        const values = keep(group.evaluatePolynomial(coefficients, xs))
        for (const value of values) dealt.add(toHex(value))
        return values
      },
      // A response of a proof is public, a share that another party has dealt is not.
      decodeScalar: (bytes, options) => {
        const scalar = group.decodeScalar(bytes, options)
        return dealt.has(toHex(scalar)) ? keep(scalar) : scalar
      },
    }
    return { watched, secrets }
  }

  const isWiped = (scalar: Uint8Array) => scalar.every((byte) => byte === 0)

  test.each(groups)('are wiped when a session is done: $name', ({ group }) => {
    const random = seededRandom()
    const { watched, secrets } = watch(group)
    const shares = generate(watched, 2, 2, random)
    simulate(reshareSessions({ group: watched, shares, participants: PAIR, threshold: 2 }, random))
    expect(secrets.length).toBeGreaterThan(10)
    expect(secrets.every(isWiped)).toBe(true)
  })

  test.each(groups)('dealt by others are wiped when a check fails: $name', ({ group }) => {
    const { watched, secrets } = watch(group)
    const parties = newParties([1, 2, 3])
    const sessions = keygenSessions({ group: watched, threshold: 2, parties }, seededRandom())
    const outcomes = simulate(sessions, {
      intercept: (packet) => {
        const { round, from, to } = decodeEnvelope(packet.bytes)
        const spoils = round === 2 && from === 3 && to === 1
        return [
          spoils ? rewrite(packet, ({ body }) => ({ body: flip(body, group.curve === 'ed25519' ? 0 : 31) })) : packet,
        ]
      },
    })
    expect(outcomes[0]?.error).toMatchObject({ reason: 'FELDMAN', blame: [3] })
    sessions.forEach((session) => session.dispose())
    expect(secrets.every(isWiped)).toBe(true)
  })

  const ends: [string, (session: Session<unknown>, first: Uint8Array) => void][] = [
    ['disposed of', (session) => session.dispose()],
    ['exported', (session) => session.export()],
    [
      'ended by a failed check',
      (session, first) => {
        session.receive(change(first, { body: new Uint8Array(3) }))
        expect(() => session.advance()).toThrow(MpcError)
      },
    ],
  ]

  test.each(ends)('are wiped when a key generation is %s', (_, end) => {
    const { watched, secrets } = watch(group)
    const sessions = keygenSessions({ group: watched, threshold: 2, parties: newParties([1, 2]) }, seededRandom())
    const [client, server] = sessions as Pair
    client.start()
    const [first] = server.start().out as [Uint8Array]
    server.dispose()
    end(client, first)
    expect(secrets.length).toBeGreaterThan(0)
    expect(secrets.every(isWiped)).toBe(true)
  })

  test.each(ends)('are wiped when a reshare is %s', (_, end) => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const { watched, secrets } = watch(group)
    const sessions = reshareSessions({ group: watched, shares, participants: PAIR, threshold: 2 }, random)
    const [client, server] = sessions as [Session<ReshareResult>, Session<ReshareResult>]
    client.start()
    const [first] = server.start().out as [Uint8Array]
    server.dispose()
    end(client, first)
    expect(secrets.length).toBeGreaterThan(0)
    expect(secrets.every(isWiped)).toBe(true)
  })

  test('of a dealing are wiped before the others have confirmed', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const { watched, secrets } = watch(group)
    const sessions = reshareSessions({ group: watched, shares, participants: PAIR, threshold: 2 }, random)
    const outcomes = simulate(sessions, {
      intercept: (packet) => (decodeEnvelope(packet.bytes).round === 4 ? [] : [packet]),
    })
    for (const { prepared, done } of outcomes) expect([prepared === undefined, done]).toEqual([false, undefined])
    expect(secrets.every(isWiped)).toBe(true)
  })
})

test('rewrite keeps what it is not told to change', () => {
  const [client] = pair()
  const [bytes] = client.start().out as [Uint8Array]
  expect(rewrite({ from: 1, to: 2, bytes }, () => ({})).bytes).toEqual(bytes)
})
