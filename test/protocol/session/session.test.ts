import { describe, expect, test } from 'vitest'
import { MpcError } from '../../../src/errors.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { keygenSessions, newParties } from '../../support/sets.ts'
import { flip, rewrite, simulate } from '../../support/simulator.ts'
import { change, pair } from './pair.ts'

const { group } = groups[0]!

describe('order of use', () => {
  test('who responds receives first, and starts as it advances', () => {
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
  /** A client that has the server's first message and its messages of round 2, and the server. */
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

test('rewrite keeps what it is not told to change', () => {
  const [client] = pair()
  const [bytes] = client.start().out as [Uint8Array]
  expect(rewrite({ from: 1, to: 2, bytes }, () => ({})).bytes).toEqual(bytes)
})
