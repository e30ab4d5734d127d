import { describe, expect, test } from 'vitest'

import { type AbortReason, MpcError, ProtocolError } from '../../../../src/errors.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import type { Digest32 } from '../../../../src/protocol/ecdsa/signing/digest.ts'
import type { OtState } from '../../../../src/protocol/ecdsa/ot/ot-state.ts'
import {
  type CompletionOptions,
  createCompletion,
  createPreprocessing,
  restoreCompletion,
  restorePreprocessing,
} from '../../../../src/protocol/ecdsa/signing/preprocess.ts'
import { Preprocessed } from '../../../../src/protocol/ecdsa/signing/preprocessed.ts'
import { concatBytes, toHex } from '../../../../src/util/bytes.ts'
import { seededRandom, type SeededRandom } from '../../../support/random.ts'
import { flip, type Packet, rewrite, simulate } from '../../../support/simulator.ts'
import {
  backends,
  completionSessions,
  dealPairs,
  failure,
  type Holder,
  holders,
  ids,
  nobleAccepts,
  preprocess,
  preprocessingSessions,
  randomDigest,
  signatures,
} from '../support.ts'

const [CLIENT, SERVER] = ids(1, 2)

function reasonOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error.reason
    return error instanceof MpcError ? error.code : (error as Error).constructor.name
  }
}

describe.each(backends)('preprocessed multiplications on $name', ({ backend }) => {
  const { group } = backend
  const keyOf = ({ share }: Holder): Uint8Array => group.encodePoint(share.record.publicKey)
  const pairOf = (set: readonly Holder[], at = 0): OtState => set[at]!.pairs[0]!

  test.each([
    { threshold: 2, count: 2, signers: [1, 2] },
    { threshold: 2, count: 3, signers: [1, 3] },
    { threshold: 3, count: 5, signers: [1, 2, 5] },
  ])('$threshold of $count preprocess as $signers and sign with it', ({ threshold, count, signers }) => {
    const random = seededRandom()
    const set = holders(backend, threshold, count, random)
    const present = signers.map((id) => set[id - 1]!)
    const preprocessed = preprocess(backend, present, random)
    expect(new Set(preprocessed.map(({ id }) => toHex(id))).size).toBe(1)
    const digest = randomDigest(random)
    const sessions = completionSessions(backend, present, preprocessed, digest, random)
    const all = signatures(sessions, { shuffled: random, copies: 2 })
    for (const signature of all) expect(signature).toEqual(all[0])
    expect(nobleAccepts(all[0]!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('one made before any key is known serves a derived one', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 3, random).slice(1)
    const preprocessed = preprocess(backend, set, random)
    const derivation = { path: [44, 60, 7], tweak: group.randomScalar(random) }
    const digest = randomDigest(random)
    const [signature] = signatures(
      completionSessions(backend, set, preprocessed, digest, random, () => ({ derivation })),
    )
    const derived = group.addPoints(set[0]!.share.record.publicKey, group.multiplyBase(derivation.tweak))
    expect(nobleAccepts(signature!, digest, group.encodePoint(derived))).toBe(true)
  })

  test('two parties take two requests for it, and one of less than 300 bytes to sign', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const about = (out: readonly Uint8Array[]) =>
      out.map((bytes) => [decodeEnvelope(bytes).round, decodeEnvelope(bytes).body.length])
    const [client, server] = preprocessingSessions(backend, set, random)
    const first = client!.start().out
    expect(about(first)).toEqual([[1, 128]])
    for (const bytes of first) server!.receive(bytes)
    const answer = server!.advance().out
    expect(about(answer)).toEqual([
      [1, 128],
      [2, 32],
      [2, 16_400],
    ])
    for (const bytes of answer) client!.receive(bytes)
    const second = client!.advance().out
    expect(about(second)).toEqual([
      [2, 32],
      [2, 16_400],
      [3, 73_792],
    ])
    for (const bytes of second) server!.receive(bytes)
    const last = server!.advance()
    expect(about(last.out)).toEqual([[3, 73_792]])
    for (const bytes of last.out) client!.receive(bytes)
    const preprocessed = [client!.advance().done!.preprocessed!, last.done!.preprocessed!]

    const digest = randomDigest(random)
    const aggregator = CLIENT!
    const [asking, answering] = completionSessions(backend, set, preprocessed, digest, random, () => ({ aggregator }))
    const request = asking!.start().out
    expect(about(request)).toEqual([
      [1, 97],
      [1, 130],
    ])
    for (const bytes of request) answering!.receive(bytes)
    const { out, done } = answering!.advance()
    expect(done).toEqual({})
    expect(about(out)).toEqual([
      [1, 97],
      [1, 130],
      [2, 64],
    ])
    for (const bytes of out) asking!.receive(bytes)
    const ended = asking!.advance()
    expect(ended.out).toEqual([])
    expect(nobleAccepts(ended.done!.signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('lives on in bytes, and its sessions go on from bytes', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const signers = ids(1, 2, 3)
    const options = (participant: number) => ({ backend, ...set[participant - 1]!, signers, random })
    const outcomes = simulate(
      preprocessingSessions(backend, set, random),
      { shuffled: random },
      {
        afterStep: (participant, session) =>
          restorePreprocessing(session.export(), { ...options(participant), epoch: 0 }),
      },
    )
    const stored = outcomes.map(({ done, error }) => {
      if (done === undefined) throw failure(error)
      return done.preprocessed!.encode()
    })
    const preprocessed = stored.map((bytes) => Preprocessed.decode(backend, bytes))
    const [{ id }] = preprocessed as [Preprocessed]
    const digest = randomDigest(random)
    const completed = simulate(
      completionSessions(backend, set, preprocessed, digest, random),
      { shuffled: random },
      {
        afterStep: (participant, session) =>
          restoreCompletion(session.export(), { ...options(participant), digest }, id),
      },
    )
    for (const { done } of completed) expect(nobleAccepts(done!.signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('a completion goes on from bytes before its first step', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const preprocessed = preprocess(backend, set, random)
    const [digest, signers] = [randomDigest(random), ids(1, 2)]
    const { id } = preprocessed[0]!
    const sessions = completionSessions(backend, set, preprocessed, digest, random).map((session, i) =>
      restoreCompletion(session.export(), { backend, ...set[i]!, signers, digest, random }, id),
    )
    expect(nobleAccepts(signatures(sessions)[0]!, digest, keyOf(set[0]!))).toBe(true)
  })

  // Row 10 of docs/security.md#attacks-that-a-test-tries.
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
      [{ pairs: fresh[0]!.pairs }, 'OT_DESYNC' satisfies AbortReason],
      [{ digest: digest.slice(1) as Digest32 }, 'RangeError'],
      [{ aggregator: ids(1, 2, 3)[2]! }, 'RangeError'],
    ]
    for (const [change, reason] of changes) {
      expect(reasonOf(() => createCompletion({ ...valid, ...change }))).toBe(reason)
    }
    const sessions = completionSessions(backend, [first, second], preprocessed, digest, random, () => ({
      epoch: 7,
    }))
    expect(nobleAccepts(signatures(sessions)[0]!, digest, keyOf(first))).toBe(true)
  })

  test('dies with the setup that was poisoned since', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [preprocessed] = preprocess(backend, set, random)
    pairOf(set).poison('CHEAT_VOLE')
    const valid = { backend, ...set[0]!, signers: ids(1, 2), digest: randomDigest(random), random, epoch: 0 }
    expect(reasonOf(() => createCompletion({ ...valid, preprocessed: preprocessed! }))).toBe('OT_POISONED')
  })

  test('a completion dies with the setup that is poisoned while it waits', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const preprocessed = preprocess(backend, set, random)
    const [client, server] = completionSessions(backend, set, preprocessed, randomDigest(random), random)
    for (const bytes of client!.start().out) server!.receive(bytes)
    pairOf(set, 1).poison('CHEAT_OTE')
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
    expect(pairOf(set).cheat).toBe(reason)
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
      expect(pairOf(set).cheat).toBeUndefined()
      return victim
    }
    expect(attack((body) => body.slice(0, -1)).error).toMatchObject({ reason: 'FORMAT', blame: [2], ban: false })
    const long = attack((body) => concatBytes(body, Uint8Array.of(0)))
    expect([long.error, long.done]).toEqual([undefined, undefined])
    expect(long.receipts).toContain('dropped')
  })

  test('is exactly one encoding', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [preprocessed] = preprocess(backend, set, random)
    const bytes = preprocessed!.encode()
    expect(bytes).toHaveLength(524)
    expect(toHex(Preprocessed.decode(backend, bytes).encode())).toBe(toHex(bytes))
    // Version, id, set, epoch, then self at 69 and the signers from 74 on, and k behind otDigest and the statement.
    expect([bytes[69], bytes[74], bytes[75]]).toEqual([1, 1, 2])
    for (const bad of [
      new Uint8Array(0),
      bytes.slice(0, -1),
      concatBytes(bytes, Uint8Array.of(0)),
      bytes.with(0, 2),
      bytes.with(69, 0),
      bytes.with(69, 3),
      bytes.with(74, 0),
      bytes.with(74, 2),
      bytes.slice().fill(0, 140, 172),
      bytes.slice().fill(0xff, 140, 172),
      bytes.slice().fill(0xff, 524 - 32),
    ]) {
      expect(reasonOf(() => Preprocessed.decode(backend, bad))).toBe('SHARE_PARSING_FAILED')
    }
    expect(() => Preprocessed.decode(backend, 'x' as never)).toThrow(TypeError)
  })

  test('is of a whole epoch', () => {
    const random = seededRandom()
    const [first] = holders(backend, 2, 2, random)
    const options = { backend, ...first!, signers: ids(1, 2), random }
    for (const epoch of [-1, 0.5, 2 ** 32]) {
      expect(() => createPreprocessing({ ...options, epoch })).toThrow(RangeError)
    }
    expect(() => createPreprocessing({ ...options, epoch: 2 ** 32 - 1 })).not.toThrow()
  })
})
