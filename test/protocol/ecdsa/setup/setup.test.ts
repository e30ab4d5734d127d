import { describe, expect, test } from 'vitest'
import { type EcdsaBackend, portableEcdsa, wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import {
  bindOtState,
  createOtSetup,
  type PeerSetup,
  restoreOtSetup,
} from '../../../../src/protocol/ecdsa/setup/create-setup.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import type { Session } from '../../../../src/protocol/session/session.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { generate } from '../../../support/sets.ts'
import { simulate } from '../../../support/simulator.ts'
import {
  chosen,
  failure,
  ids,
  nobleAccepts,
  randomDigest,
  setupPairs,
  setupSessions,
  signatures,
  signingSessions,
} from '../support.ts'

const backend = wasmEcdsa()
const { group } = backend

/** What both sides of a pair hold must fit: one seed of each of the other's pairs, and one zero-share seed. */
function expectMatching(first: PeerSetup, second: PeerSetup): void {
  for (const [alice, bob] of [
    [first, second],
    [second, first],
  ] as const) {
    expect(toHex(alice.secrets.multiplierSeeds)).toBe(toHex(chosen(bob.secrets.choiceSeeds, alice.secrets.delta)))
  }
  expect(toHex(first.secrets.zeroSeed)).toBe(toHex(second.secrets.zeroSeed))
  expect(toHex(first.transcript)).toBe(toHex(second.transcript))
}

function results(sessions: readonly Session<readonly PeerSetup[]>[]): (readonly PeerSetup[])[] {
  return simulate(sessions).map(({ done, error }) => {
    if (done === undefined) throw failure(error)
    return done
  })
}

describe('the setup of threshold ECDSA', () => {
  test('gives both sides of each of three pairs what fits, whatever the order of delivery', () => {
    const random = seededRandom()
    const outcomes = simulate(setupSessions(backend, ids(1, 4, 9), random), { shuffled: random, copies: 2 })
    const [first, second, third] = outcomes.map(({ done }) => done as readonly PeerSetup[])
    expectMatching(first![0]!, second![0]!)
    expectMatching(first![1]!, third![0]!)
    expectMatching(second![1]!, third![1]!)
    expect(first!.map(({ self, peer }) => [self, peer])).toEqual([
      [1, 4],
      [1, 9],
    ])
  })

  test.each([
    { who: 'the server', slow: [], sizes: [[32], [32, 8480], [32, 6257], [64]] },
    { who: 'the client', slow: ids(1), sizes: [[32], [32, 32], [8480, 64], [6257]] },
  ])('runs in two requests, with and without WebAssembly, where $who offers', ({ slow, sizes }) => {
    const portable = portableEcdsa()
    const random = seededRandom()
    const parties = ids(1, 2)
    const make = (own: EcdsaBackend, self: 1 | 2): Session<readonly PeerSetup[]> =>
      createOtSetup({ backend: own, parties, self: parties[self - 1]!, slow, binding: random(32).fill(1), random })
    const [client, server] =
      slow.length === 0 ? [make(backend, 1), make(portable, 2)] : [make(portable, 1), make(backend, 2)]
    const lengths = (out: readonly Uint8Array[]) => out.map((bytes) => decodeEnvelope(bytes).body.length)

    const request = client.start().out
    const opening = server.start().out
    for (const bytes of request) server.receive(bytes)
    const response = [...opening, ...server.advance().out]
    expect([lengths(request), lengths(response)]).toEqual(sizes.slice(0, 2))
    for (const bytes of response) client.receive(bytes)
    const second = client.advance().out
    for (const bytes of second) server.receive(bytes)
    const last = server.advance()
    expect([lengths(second), lengths(last.out)]).toEqual(sizes.slice(2))
    for (const bytes of last.out) client.receive(bytes)
    expectMatching(client.advance().done![0]!, last.done![0]!)
  })

  test('lets a fresh set sign', () => {
    const random = seededRandom()
    const set = setupPairs(backend, generate(group, 2, 2, random), random)
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

  test('goes on from bytes between two messages of a round', () => {
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

  test('a state that says what no setup does is refused', () => {
    const random = seededRandom()
    const state = setupSessions(backend, ids(1, 2), random)[0]!.export()
    // Version, protocol, round, number of parties, ids, self, number of slow ones, binding[32], no secret (u32), no session
    // id (u32), progress.
    for (const [at, value] of [
      [4, 0],
      [6, 0],
      [6, 3],
      [48, 9],
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

  test('keeps its own copy of a secret of at most 64 bytes, and leaves the one it was given', () => {
    const random = seededRandom()
    const secret = random(64)
    const given = toHex(secret)
    const [parties, binding] = [ids(1, 2), new Uint8Array(32)]
    const session = createOtSetup({ backend, parties, self: parties[0]!, binding, random, secret })
    const exported = toHex(session.export())
    expect(exported).toContain(`00000040${given}`)
    expect(toHex(secret)).toBe(given)
  })

  test('two setups, and two sets with one setup, have different digests', () => {
    const random = seededRandom()
    const [first, second] = [0, 1].map(() => results(setupSessions(backend, ids(1, 2), random))) as [
      PeerSetup[][],
      PeerSetup[][],
    ]
    const setIds = [random(32), random(32)] as const
    const digests = [
      bindOtState(first[0]![0]!, setIds[0]).digest,
      bindOtState(first[0]![0]!, setIds[1]).digest,
      bindOtState(second[0]![0]!, setIds[0]).digest,
    ].map(toHex)
    expect(new Set(digests).size).toBe(3)
    expect(toHex(bindOtState(first[1]![0]!, setIds[0]).digest)).toBe(digests[0])
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
    ['a slow party that is not among them', { slow: ids(3) }, RangeError],
    ['a secret that is too long', { secret: new Uint8Array(65) }, RangeError],
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

describe('who offers base OTs', () => {
  const offers = (count: number, slow: readonly number[] = []): number[] => {
    const random = seededRandom()
    const parties = ids(...Array.from({ length: count }, (_, i) => 2 * i + 1))
    const made = new Array<number>(count).fill(0)
    const sessions = parties.map((self) =>
      createOtSetup({
        backend,
        parties,
        self,
        slow: slow.map((i) => parties[i]!),
        binding: new Uint8Array(32),
        random,
      }),
    )
    const outcomes = simulate(sessions, {
      intercept: (packet) => {
        const { round, body } = decodeEnvelope(packet.bytes)
        if (round === 2 && body.length > 1000) made[packet.from - 1]! += 1
        return [packet]
      },
    })
    for (const [i, { done }] of outcomes.entries()) {
      for (const pair of done!) {
        const mirrored = outcomes[parties.indexOf(pair.peer)]!.done!.find(({ peer }) => peer === parties[i])
        expectMatching(pair, mirrored!)
      }
    }
    return made
  }

  test('is spread evenly over the parties', () => {
    expect([offers(2), offers(3), offers(4), offers(5)]).toEqual([
      [0, 1],
      [1, 1, 1],
      [1, 2, 1, 2],
      [2, 2, 2, 2, 2],
    ])
  })

  test('is a slow party, if the other one is not', () => {
    expect(offers(2, [0])).toEqual([1, 0])
    expect(offers(2, [0, 1])).toEqual([0, 1])
    expect(offers(3, [0])).toEqual([2, 0, 1])
    expect(offers(4, [1, 2])).toEqual([0, 2, 3, 1])
  })

  test('is agreed on: parties that disagree do not hear each other', () => {
    const random = seededRandom()
    const options = { backend, parties: ids(1, 2), binding: new Uint8Array(32), random }
    const [first, second] = [
      createOtSetup({ ...options, self: ids(1)[0]!, slow: ids(1) }),
      createOtSetup({ ...options, self: ids(2)[0]! }),
    ]
    for (const { receipts } of simulate([first, second])) expect(receipts).toEqual(['dropped'])
  })
})
