import { describe, expect, test } from 'vitest'
import type { AbortReason, ProtocolError } from '../../../../src/errors.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import type { Digest32 } from '../../../../src/protocol/ecdsa/signing/digest.ts'
import type { OtState } from '../../../../src/protocol/ecdsa/ot/ot-state.ts'
import {
  type CompletionOptions,
  createCompletion,
  restoreCompletion,
} from '../../../../src/protocol/ecdsa/signing/preprocess.ts'
import { Preprocessed } from '../../../../src/protocol/ecdsa/signing/preprocessed.ts'
import { concatBytes, toHex } from '../../../../src/util/bytes.ts'
import { seededRandom, type SeededRandom } from '../../../support/random.ts'
import { flip, type Packet, rewrite, simulate } from '../../../support/simulator.ts'
import {
  backends,
  completionSessions,
  dealPairs,
  type Holder,
  holders,
  ids,
  nobleAccepts,
  preprocess,
  preprocessingSessions,
  randomDigest,
  reasonOf,
  signatures,
} from '../support.ts'

const [, SERVER] = ids(1, 2)

describe.each(backends)('preprocessed multiplications on $name', ({ backend }) => {
  const { group } = backend
  const keyOf = ({ share }: Holder): Uint8Array => group.encodePoint(share.record.publicKey)
  const otStateOf = (set: readonly Holder[], at = 0): OtState => set[at]!.otStates[0]!

  // Row 10 of docs/security.md#attacks-that-are-tested.
  test('is used up by its first use, by storing it and by disposing of it', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const options = (preprocessed: Preprocessed): CompletionOptions => ({
      backend,
      ...set[0]!,
      signers: ids(1, 2),
      digest: randomDigest(random),
      epoch: 0,
      random,
      preprocessed,
    })
    const uses: ((preprocessed: Preprocessed) => unknown)[] = [
      (preprocessed) => createCompletion(options(preprocessed)),
      (preprocessed) => {
        createCompletion(options(preprocessed)).dispose()
      },
      (preprocessed) => preprocessed.encode(),
      (preprocessed) => {
        preprocessed.dispose()
        preprocessed.dispose()
      },
    ]
    for (const use of uses) {
      const [preprocessed] = preprocess(backend, set, random)
      use(preprocessed!)
      expect(() => createCompletion(options(preprocessed!))).toThrow('has been used')
      expect(() => preprocessed!.encode()).toThrow('has been used')
    }
  })

  test('is of its set, signers, setups and life of the database, and stays unused when refused', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 3, random)
    const [first, second] = [set[0]!, set[1]!]
    const preprocessed = preprocess(backend, [first, second], random, () => ({ epoch: 7 }))
    const [own] = preprocessed as [Preprocessed]
    const digest = randomDigest(random)
    const valid = { backend, ...first, signers: ids(1, 2), digest, random, preprocessed: own, epoch: 7 }
    const stranger = holders(backend, 2, 2, random)
    const fresh = dealPairs(
      set.map(({ share }) => share),
      random,
    )
    const changes: [Partial<CompletionOptions>, string][] = [
      [{ epoch: 8 }, 'RangeError'],
      [{ signers: ids(1, 3) }, 'RangeError'],
      [{ signers: ids(1, 2, 3) }, 'RangeError'],
      [{ ...stranger[0]! }, 'SET_MISMATCH'],
      [{ otStates: fresh[0]!.otStates }, 'OT_DESYNC' satisfies AbortReason],
      [{ digest: digest.slice(1) as Digest32 }, 'RangeError'],
      [{ aggregator: ids(1, 2, 3)[2]! }, 'RangeError'],
    ]
    for (const [change, reason] of changes) {
      expect(reasonOf(() => createCompletion({ ...valid, ...change }))).toBe(reason)
    }
    const conditions = { setId: first.share.record.setId, signers: ids(1, 2), epoch: 7 }
    expect(reasonOf(() => own.take({ ...conditions, otStates: [] }))).toBe('OT_DESYNC')
    expect(reasonOf(() => own.take({ ...conditions, otStates: [first.otStates[1]!] }))).toBe('OT_DESYNC')
    const sessions = completionSessions(backend, [first, second], preprocessed, digest, random, () => ({
      epoch: 7,
    }))
    expect(nobleAccepts(signatures(sessions)[0]!, digest, keyOf(first))).toBe(true)
  })

  test('dies with the setup that was poisoned since', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [preprocessed] = preprocess(backend, set, random)
    otStateOf(set).poison('CHEAT_VOLE')
    const valid = { backend, ...set[0]!, signers: ids(1, 2), digest: randomDigest(random), random, epoch: 0 }
    expect(reasonOf(() => createCompletion({ ...valid, preprocessed: preprocessed! }))).toBe('OT_POISONED')
  })

  test('a completion dies with the setup that is poisoned while it waits', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const preprocessed = preprocess(backend, set, random)
    const [client, server] = completionSessions(backend, set, preprocessed, randomDigest(random), random)
    for (const bytes of client!.start().out) server!.receive(bytes)
    otStateOf(set, 1).poison('CHEAT_OTE')
    expect(reasonOf(() => server!.advance())).toBe('OT_POISONED')
  })

  test('of another one, or an older one, nothing is heard', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [stale, current] = [preprocess(backend, set, random), preprocess(backend, set, random)]
    expect(toHex(stale[0]!.id)).not.toBe(toHex(current[0]!.id))
    const [, server] = simulate(
      completionSessions(backend, set, [stale[0]!, current[1]!], randomDigest(random), random),
    )
    expect(server!.receipts).toEqual(['dropped', 'dropped'])
    expect(server!.done).toBeUndefined()
  })

  test('signers of two digests, keys or paths end with SID, and nothing is opened in return', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const derivation = { path: [1], tweak: group.randomScalar(random) }
    const changes: Partial<CompletionOptions>[] = [
      { derivation, digest: randomDigest(random) },
      { derivation: { ...derivation, tweak: group.randomScalar(random) } },
      { derivation: { ...derivation, path: [2] } },
    ]
    for (const change of changes) {
      const preprocessed = preprocess(backend, set, random)
      const [client, server] = completionSessions(backend, set, preprocessed, randomDigest(random), random, (id) =>
        id === SERVER ? change : { derivation },
      )
      for (const bytes of client!.start().out) server!.receive(bytes)
      expect(() => server!.advance()).toThrow(
        expect.objectContaining({ reason: 'SID', blame: [], ban: false, round: 1 }) as ProtocolError,
      )
    }
  })

  test('one signer of three with another statement ends the session before anything is computed', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const preprocessed = preprocess(backend, set, random)
    const digest = randomDigest(random)
    const outcomes = simulate(
      completionSessions(backend, set, preprocessed, digest, random, (id) =>
        id === 3 ? { digest: randomDigest(random) } : {},
      ),
    )
    for (const { error } of outcomes) expect(error).toMatchObject({ reason: 'SID', blame: [], ban: false, round: 1 })
  })

  test('without the commitment of a peer, no nonce of that peer is accepted', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [first, second] = preprocess(backend, set, random)
    const conditions = { setId: first!.setId, signers: ids(1, 2), otStates: set[0]!.otStates, epoch: 0 }
    const prepared = { ...first!.take(conditions), commitments: new Map() }
    const without = new Preprocessed(first!, prepared)
    const [victim] = simulate(completionSessions(backend, set, [without, second!], randomDigest(random), random))
    expect(victim!.error).toMatchObject({ reason: 'COMMIT', blame: [2], ban: false, round: 1 })
  })

  // What one signer can be made to open twice gives away the key.
  test('two completions of one preprocessing cannot be had from a handle, a session or its state', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const preprocessed = preprocess(backend, set, random)
    const [digest, signers] = [randomDigest(random), ids(1, 2)]
    const { id } = preprocessed[0]!
    const options = { backend, ...set[0]!, signers, random }
    const session = createCompletion({ ...options, digest, preprocessed: preprocessed[0]!, epoch: 0 })
    const state = session.export()
    const other = randomDigest(random)
    expect(reasonOf(() => restoreCompletion(state, { ...options, digest: other }, id))).toBe('SID')
    expect(reasonOf(() => restoreCompletion(state, { ...options, digest }, random(32)))).toBe('SID')
    expect(() => session.start()).toThrow(TypeError)
  })

  function cheated(random: SeededRandom, set: readonly Holder[], intercept: (packet: Packet) => Packet[]) {
    return simulate(preprocessingSessions(backend, set, random), { intercept })[0]!
  }

  test.each([
    ['extension', 2, 16_400, 0, 'CHEAT_OTE'],
    ['multiplication', 3, 73_792, 31, 'CHEAT_VOLE'],
  ] as const)('a cheat with its %s is banned', (_, round, length, at, reason) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error, done } = cheated(random, set, (packet) => {
      const its = decodeEnvelope(packet.bytes)
      const cheats = packet.from === 2 && its.round === round && its.body.length === length
      return [cheats ? rewrite(packet, ({ body }) => ({ body: flip(body, at) })) : packet]
    })
    expect(done).toBeUndefined()
    expect(error).toMatchObject({ reason, blame: [2], ban: true, round })
    expect(otStateOf(set).cheat).toBe(reason)
  })

  test.each([
    ['the nonce', 97, 32, 'COMMIT', false],
    ['γ_k', 130, 31, 'CHEAT_GAMMA', true],
    ['γ_x', 130, 63, 'CHEAT_GAMMA', true],
    ['Γ_k', 130, 64 + 32, 'CHEAT_GAMMA', true],
    ['Γ_x', 130, 129, 'CHEAT_GAMMA', true],
  ] as const)('another %s than was committed to or multiplied signs nothing', (_, length, at, reason, ban) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const preprocessed = preprocess(backend, set, random)
    const shares: number[] = []
    const [, server] = simulate(completionSessions(backend, set, preprocessed, randomDigest(random), random), {
      intercept: (packet) => {
        const its = decodeEnvelope(packet.bytes)
        if (packet.from === 2 && its.round === 2) shares.push(2)
        const cheats = packet.from === 1 && its.body.length === length
        return [cheats ? rewrite(packet, ({ body }) => ({ body: flip(body, at) })) : packet]
      },
    })
    expect(server!.error).toMatchObject({ reason, blame: [1], ban, round: 1 })
    expect(shares).toEqual([])
  })

  test.each([128, 32, 16_400, 73_792])('a message of %i bytes has exactly that length', (length) => {
    const attack = (change: (body: Uint8Array) => Uint8Array) => {
      const random = seededRandom()
      const set = holders(backend, 2, 2, random)
      const victim = cheated(random, set, (packet) => {
        const changes = packet.from === 2 && decodeEnvelope(packet.bytes).body.length === length
        return [changes ? rewrite(packet, ({ body }) => ({ body: change(body) })) : packet]
      })
      expect(otStateOf(set).cheat).toBeUndefined()
      return victim
    }
    expect(attack((body) => body.slice(0, -1)).error).toMatchObject({ reason: 'FORMAT', blame: [2], ban: false })
    const long = attack((body) => concatBytes(body, Uint8Array.of(0)))
    expect([long.error, long.done]).toEqual([undefined, undefined])
    expect(long.receipts).toContain('dropped')
  })
})
