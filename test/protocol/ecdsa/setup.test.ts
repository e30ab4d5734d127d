import { describe, expect, test } from 'vitest'

import { type AbortReason, ProtocolError } from '../../../src/errors.ts'
import { type EcdsaBackend, portableEcdsa, wasmEcdsa } from '../../../src/protocol/ecdsa/backend.ts'
import { bindPair, createOtSetup, type PairSetup, restoreOtSetup } from '../../../src/protocol/ecdsa/setup.ts'
import { decodeEnvelope } from '../../../src/protocol/envelope.ts'
import type { Session } from '../../../src/protocol/session.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { generate } from '../../support/sets.ts'
import { flip, type Packet, rewrite, simulate } from '../../support/simulator.ts'
import {
  chosen,
  failure,
  ids,
  nobleAccepts,
  randomDigest,
  setUpPairs,
  setupSessions,
  signatures,
  signingSessions,
} from './support.ts'

const backend = wasmEcdsa()
const { group } = backend

/** What both sides of a pair hold must fit: one seed of each of the other's pairs, and one zero-share seed. */
function expectMatching(first: PairSetup, second: PairSetup): void {
  for (const [alice, bob] of [
    [first, second],
    [second, first],
  ] as const) {
    expect(toHex(alice.secrets.multiplierSeeds)).toBe(toHex(chosen(bob.secrets.choiceSeeds, alice.secrets.delta)))
  }
  expect(toHex(first.secrets.zeroSeed)).toBe(toHex(second.secrets.zeroSeed))
  expect(toHex(first.transcript)).toBe(toHex(second.transcript))
}

function results(sessions: readonly Session<readonly PairSetup[]>[]): (readonly PairSetup[])[] {
  return simulate(sessions).map(({ done, error }) => {
    if (done === undefined) throw failure(error)
    return done
  })
}

describe('the set-up of threshold ECDSA', () => {
  test('gives both sides of each of three pairs what fits, whatever the order of delivery', () => {
    const random = seededRandom()
    const outcomes = simulate(setupSessions(backend, ids(1, 4, 9), random), { shuffled: random, copies: 2 })
    const [first, second, third] = outcomes.map(({ done }) => done as readonly PairSetup[])
    expectMatching(first![0]!, second![0]!)
    expectMatching(first![1]!, third![0]!)
    expectMatching(second![1]!, third![1]!)
    expect(first!.map(({ self, peer }) => [self, peer])).toEqual([
      [1, 4],
      [1, 9],
    ])
  })

  test('runs between a party with WebAssembly and one without, in two pairs of request and answer', () => {
    const random = seededRandom()
    const parties = ids(1, 2)
    const make = (own: EcdsaBackend, self: 1 | 2): Session<readonly PairSetup[]> =>
      createOtSetup({ backend: own, parties, self: parties[self - 1]!, binding: random(32).fill(1), random })
    const [client, server] = [make(backend, 1), make(portableEcdsa(), 2)]
    const lengths = (out: readonly Uint8Array[]) => out.map((bytes) => decodeEnvelope(bytes).body.length)

    const request = client.start().out
    const opening = server.start().out
    for (const bytes of request) server.receive(bytes)
    const answer = [...opening, ...server.advance().out]
    expect([lengths(request), lengths(answer)]).toEqual([[32], [32, 8480]])
    for (const bytes of answer) client.receive(bytes)
    const second = client.advance().out
    for (const bytes of second) server.receive(bytes)
    const last = server.advance()
    expect([lengths(second), lengths(last.out)]).toEqual([[8480, 4288], [4288]])
    for (const bytes of last.out) client.receive(bytes)
    expectMatching(client.advance().done![0]!, last.done![0]!)
  })

  test('lets a fresh set sign', () => {
    const random = seededRandom()
    const set = setUpPairs(backend, generate(group, 2, 2, random), random)
    const digest = randomDigest(random)
    const [signature] = signatures(signingSessions(backend, set, digest, random))
    expect(nobleAccepts(signature!, digest, group.encodePoint(set[0]!.share.record.publicKey))).toBe(true)
  })

  test('goes on from bytes after every step, with what came early', () => {
    const random = seededRandom()
    const outcomes = simulate(
      setupSessions(backend, ids(1, 2), random).map((session) => restoreOtSetup(session.export(), { backend, random })),
      {},
      { afterStep: (_, session) => restoreOtSetup(session.export(), { backend, random }) },
    )
    expectMatching(outcomes[0]!.done![0]!, outcomes[1]!.done![0]!)
  })

  test('goes on from bytes between two messages of a flight', () => {
    const random = seededRandom()
    const [client, server] = setupSessions(backend, ids(1, 2), random)
    const hello = client!.start().out
    const greeting = server!.start().out
    for (const bytes of hello) server!.receive(bytes)
    for (const bytes of server!.advance().out) client!.receive(bytes)
    const restored = restoreOtSetup(client!.export(), { backend, random })
    for (const bytes of greeting) restored.receive(bytes)
    expect(restored.advance().out.map((bytes) => decodeEnvelope(bytes).round)).toEqual([2, 3])
  })

  test('a state that says what no set-up does is refused', () => {
    const random = seededRandom()
    const state = setupSessions(backend, ids(1, 2), random)[0]!.export()
    // Version, protocol, round, number of parties, ids, self, binding[32], no session id (u32), progress.
    for (const [at, value] of [
      [4, 0],
      [6, 0],
      [6, 3],
      [43, 9],
    ] as const) {
      expect(() => restoreOtSetup(state.with(at, value), { backend, random })).toThrow(
        expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }) as Error,
      )
    }
    // A stranger to two parties would have two peers.
    const stranger = Uint8Array.of(...state.with(6, 3), 0)
    expect(() => restoreOtSetup(stranger, { backend, random })).toThrow('inconsistent session state')
    expect(() => restoreOtSetup(state, { backend, random })).not.toThrow()
  })

  test('keeps its own copies of the parties and the binding', () => {
    const random = seededRandom()
    const [parties, binding] = [ids(1, 2), random(32)]
    const sessions = parties.map((self) => createOtSetup({ backend, parties, self, binding, random }))
    parties.reverse()
    binding.fill(0)
    // One of them has the binding from its state, the other one still hashed as it was.
    const [first, second] = results([restoreOtSetup(sessions[0]!.export(), { backend, random }), sessions[1]!])
    expectMatching(first![0]!, second![0]!)
  })

  test('two set-ups, and two sets with one set-up, have different digests', () => {
    const random = seededRandom()
    const [first, second] = [0, 1].map(() => results(setupSessions(backend, ids(1, 2), random))) as [
      PairSetup[][],
      PairSetup[][],
    ]
    const setIds = [random(32), random(32)] as const
    const digests = [
      bindPair(first[0]![0]!, setIds[0]).digest,
      bindPair(first[0]![0]!, setIds[1]).digest,
      bindPair(second[0]![0]!, setIds[0]).digest,
    ].map(toHex)
    expect(new Set(digests).size).toBe(3)
    expect(toHex(bindPair(first[1]![0]!, setIds[0]).digest)).toBe(digests[0])
  })

  test('parties that set up for different things do not hear each other', () => {
    const random = seededRandom()
    const [first] = setupSessions(backend, ids(1, 2), random, random(32))
    const [, second] = setupSessions(backend, ids(1, 2), random, random(32))
    for (const { receipts } of simulate([first!, second!])) expect(receipts).toEqual(['dropped'])
  })

  test.each([
    ['fewer than two parties', { parties: ids(1) }, RangeError],
    ['parties that do not ascend', { parties: ids(2, 1) }, RangeError],
    ['a self that is not among them', { parties: ids(2, 3) }, RangeError],
    ['a binding of another length', { binding: new Uint8Array(31) }, RangeError],
  ])('%s are refused', (_, change, error) => {
    const options = {
      backend,
      parties: ids(1, 2),
      self: ids(1)[0]!,
      binding: new Uint8Array(32),
      random: seededRandom(),
    }
    expect(() => createOtSetup({ ...options, ...change })).toThrow(error)
  })
})

describe('a cheating party in the set-up', () => {
  function victimOf(round: number, change: (body: Uint8Array) => Uint8Array): unknown {
    const random = seededRandom()
    const intercept = (packet: Packet): Packet[] => {
      const isCheat = packet.from === 2 && decodeEnvelope(packet.bytes).round === round
      return [isCheat ? rewrite(packet, ({ body }) => ({ body: change(body) })) : packet]
    }
    return simulate(setupSessions(backend, ids(1, 2), random), { intercept })[0]!.error
  }

  const patched = (at: number, bytes: Uint8Array) => (body: Uint8Array) => {
    const out = body.slice()
    out.set(bytes, at)
    return out
  }
  // x = 5 is on no point of secp256k1.
  const noPoint = Uint8Array.of(2, ...new Array<number>(31).fill(0), 5)

  test.each<[string, number, (body: Uint8Array) => Uint8Array, AbortReason]>([
    ['a short nonce', 1, (body) => body.slice(1), 'FORMAT'],
    ['a short offer', 2, (body) => body.slice(1), 'FORMAT'],
    ['a long answer', 3, (body) => patched(0, body)(new Uint8Array(body.length + 1)), 'FORMAT'],
    ['an r_0 that is no point', 2, patched(32, noPoint), 'POINT'],
    ['a last r_1 that is no point', 2, patched(8480 - 33, noPoint), 'POINT'],
    ['a B that is no point', 3, patched(4288 - 33, noPoint), 'POINT'],
    ['another seed than it committed to', 3, (body) => flip(body, 0), 'COMMIT'],
    ['another blinding than it committed with', 3, (body) => flip(body, 32), 'COMMIT'],
    ['a commitment to nothing', 2, (body) => flip(body, 0), 'COMMIT'],
  ])('who sends %s is blamed and not banned', (_, round, change, reason) => {
    const error = victimOf(round, change)
    expect(error).toBeInstanceOf(ProtocolError)
    const { reason: given, blame, ban } = error as ProtocolError
    expect([given, blame, ban]).toEqual([reason, [2], false])
  })

  test('whose B is another one for each side only breaks its own keys, and is noticed by the first signature', () => {
    const random = seededRandom()
    const other = group.encodePoint(group.multiplyBase(group.randomScalar(random)))
    const outcomes = simulate(setupSessions(backend, ids(1, 2), random), {
      intercept: (packet) => {
        const isAnswer = packet.from === 2 && decodeEnvelope(packet.bytes).round === 3
        return [isAnswer ? rewrite(packet, ({ body }) => ({ body: patched(64, other)(body) })) : packet]
      },
    })
    const [first, second] = outcomes.map(({ done }) => bindPair(done![0]!, new Uint8Array(32)))
    expect(toHex(first!.digest)).not.toBe(toHex(second!.digest))
  })
})
