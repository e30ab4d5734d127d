import { describe, expect, test } from 'vitest'

import type { Scalar } from '../../../src/curve/group.ts'
import { type AbortReason, MpcError, ProtocolError } from '../../../src/errors.ts'
import type { EcdsaBackend } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { restorePreprocessing } from '../../../src/protocol/ecdsa/signing/preprocess.ts'
import { createEcdsaSigning, restoreEcdsaSigning } from '../../../src/protocol/ecdsa/signing/sign.ts'
import { OtState } from '../../../src/protocol/ecdsa/ot/ot-state.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { numberToBytes, ORDER } from '../../support/bigint-scalars.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'
import { generate } from '../../support/sets.ts'
import { flip, type Outcome, type Packet, rewrite, simulate } from '../../support/simulator.ts'
import {
  backends,
  dealPairs,
  type Holder,
  holders,
  ids,
  nobleAccepts,
  preprocessingSessions,
  randomDigest,
  signatures,
  signingSessions,
} from './support.ts'

/** Bytes of the bodies of a two-party signature, without headers. */
const HELLO = 160
const EXTENSION = 16_432
const PRODUCT = 73_792
const OPENING = 65
const CORRECTION = 130

/** Where fields begin: of the direct message of round 1, of round 2, of the direct message of round 3. */
const U = 32
const X = 14_368
const T = 14_384
const CHECK = 73_728
const V = 73_760
const GAMMA_X = 32
const POINT_K = 64
const POINT_X = 97

const [CLIENT, SERVER] = ids(1, 2)

/** Changes one message of participant 2: the one with this round and this length. */
function tampering(round: number, length: number, change: (body: Uint8Array) => Uint8Array) {
  return (packet: Packet): Packet[] => {
    const { round: its, body } = decodeEnvelope(packet.bytes)
    if (packet.from !== 2 || its !== round || body.length !== length) return [packet]
    return [rewrite(packet, () => ({ body: change(body) }))]
  }
}

function replaced(body: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const out = body.slice()
  out.set(bytes, at)
  return out
}

function expectAbort(
  error: unknown,
  reason: AbortReason,
  { blame, ban, round }: { blame: number[]; ban: boolean; round: number },
): void {
  expect(error).toBeInstanceOf(ProtocolError)
  const { reason: given, blame: blamed, ban: banned, round: at } = error as ProtocolError
  expect({ reason: given, blame: blamed, ban: banned, round: at }).toEqual({ reason, blame, ban, round })
}

function expectCode(run: () => unknown, code: string): void {
  let error: unknown
  try {
    run()
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(MpcError)
  expect((error as MpcError).code).toBe(code)
}

/** Keeps what participant 2 sends in round 1 of one session, and sends it in another one. */
function replays() {
  const old = new Map<number, Uint8Array>()
  const isFirst = ({ from, bytes }: Packet): boolean => from === 2 && decodeEnvelope(bytes).round === 1
  return {
    record: (packet: Packet): Packet[] => {
      if (isFirst(packet)) old.set(decodeEnvelope(packet.bytes).to, packet.bytes)
      return [packet]
    },
    replay:
      (which: (to: number) => boolean) =>
      (packet: Packet): Packet[] => {
        const { to } = decodeEnvelope(packet.bytes)
        return [isFirst(packet) && which(to) ? { ...packet, bytes: old.get(to) as Uint8Array } : packet]
      },
  }
}

/** A copy of a party's states, as a backup of its database holds them. */
function copyOf({ share, pairs }: Holder): Holder {
  return { share, pairs: pairs.map((pair) => OtState.decode(pair.encode())) }
}

describe.each(backends)('a cheating signer on $name', ({ backend }) => {
  const { group } = backend

  function victimOf(
    set: readonly Holder[],
    random: SeededRandom,
    intercept: (packet: Packet) => Packet[],
    cheat: EcdsaBackend = backend,
  ): Outcome<unknown> {
    const digest = randomDigest(random)
    const sessions = signingSessions(backend, set, digest, random, (id) => (id === SERVER ? { backend: cheat } : {}))
    return simulate(sessions, { intercept })[0] as Outcome<unknown>
  }

  const pairOf = (set: readonly Holder[], at = 0): OtState => set[at]!.pairs[0] as OtState

  // Rows 2 and 4 of docs/security.md#attacks-that-a-test-tries.
  test.each([
    ['the first bit of u', U],
    ['the last bit of u', X - 1],
    ['x', X],
    ['t of the first column', T],
    ['t of the last column', EXTENSION - 1],
  ])('who flips %s of an extension is banned, and the state with it', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error, done } = victimOf(
      set,
      random,
      tampering(1, EXTENSION, (body) => flip(body, at)),
    )
    expect(done).toBeUndefined()
    expectAbort(error, 'CHEAT_OTE', { blame: [2], ban: true, round: 1 })
    expect(pairOf(set).cheat).toBe('CHEAT_OTE')
    expectCode(() => pairOf(set).secrets, 'OT_POISONED')
  })

  // Row 5.
  test.each([
    ['one number of the matrix', 96 * 7 + 31],
    ['the column of masks', 96 * 767 + 95],
    ['H(u)', CHECK],
    ['v', V + 31],
  ])('who changes %s of a multiplication is banned', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error } = victimOf(
      set,
      random,
      tampering(2, PRODUCT, (body) => flip(body, at)),
    )
    expectAbort(error, 'CHEAT_VOLE', { blame: [2], ban: true, round: 2 })
    expect(pairOf(set).cheat).toBe('CHEAT_VOLE')
  })

  // Row 6: the multiplication is consistent in itself, and of something else.
  test.each([
    ['k + 1', 31],
    ['x + 1', GAMMA_X + 31],
  ])('who multiplies by %s is banned', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error } = victimOf(
      set,
      random,
      tampering(3, CORRECTION, (body) => replaced(body, at & ~31, plusOne(body.slice(at & ~31, (at & ~31) + 32)))),
    )
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
    expect(pairOf(set).cheat).toBe('CHEAT_GAMMA')
    expect(OtState.decode(pairOf(set).encode()).cheat).toBe('CHEAT_GAMMA')
  })

  function plusOne(bytes: Uint8Array): Uint8Array {
    return group.add(bytes as Scalar, group.scalar(1))
  }

  test.each([
    ['Γ_k', POINT_K],
    ['Γ_x', POINT_X],
  ])('who sends another %s is banned', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const other = group.encodePoint(group.multiplyBase(group.randomScalar(random)))
    const { error } = victimOf(
      set,
      random,
      tampering(3, CORRECTION, (body) => replaced(body, at, other)),
    )
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
  })

  /** What a victim says whose backend has met what nobody can bring about. */
  function met(change: Partial<EcdsaBackend>): { error: unknown; set: Holder[] } {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const sessions = signingSessions(backend, set, randomDigest(random), random, (id) =>
      id === CLIENT ? { backend: { ...backend, ...change } } : {},
    )
    return { error: simulate(sessions)[0]!.error, set }
  }

  // The session asks for the key first, then for both points of the check, then for R.
  const asking = (which: number): Partial<EcdsaBackend> => {
    let asked = 0
    return { group: { ...group, isIdentity: (point) => ++asked === which || group.isIdentity(point) } }
  }

  test.each([2, 3])('who makes a point of the check the identity is banned (question %i)', (which) => {
    const { error, set } = met(asking(which))
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
    expect(pairOf(set).cheat).toBe('CHEAT_GAMMA')
  })

  test('nonces that add up to nothing, or to an r of zero, sign nothing', () => {
    for (const change of [asking(4), { group: { ...group, isZero: () => true } }]) {
      expectAbort(met(change).error, 'SIG', { blame: [], ban: false, round: 3 })
    }
  })

  test('an error of the backend is nobody’s fault', () => {
    const fault = new TypeError('another error')
    const finish = (): never => {
      throw fault
    }
    const { error, set } = met({ vole: { ...backend.vole, finish } })
    expect(error).toBe(fault)
    expect(pairOf(set).cheat).toBeUndefined()
  })

  test.each([
    ['a statement', 'SID'],
    ['a set', 'SET'],
  ] as const)('one signer of three with another %s ends the session', (what, reason) => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const digest = randomDigest(random)
    const setId = random(32)
    const third = set[2]!
    const moved: Holder = {
      share: { ...third.share, record: { ...third.share.record, setId } },
      pairs: third.pairs.map((pair) => new OtState({ ...pair, setId, digest: pair.digest }, { secrets: pair.secrets })),
    }
    const holding = what === 'a set' ? [set[0]!, set[1]!, moved] : set
    const sessions = signingSessions(backend, holding, digest, random, (id) =>
      what === 'a statement' && id === 3 ? { digest: randomDigest(random) } : {},
    )
    for (const { error } of simulate(sessions)) expectAbort(error, reason, { blame: [], ban: false, round: 1 })
  })

  test('ψ of zero is a number like any other, and one of ψ + 1 signs nothing', () => {
    for (const change of [() => new Uint8Array(32), plusOne]) {
      const random = seededRandom()
      const set = holders(backend, 3, 3, random)
      const sessions = signingSessions(backend, set, randomDigest(random), random)
      const intercept = tampering(3, 130 + 32 + 32, (body) => replaced(body, 130, change(body.slice(130, 162))))
      const [first] = simulate(sessions, { intercept })
      expect(first!.done).toBeUndefined()
      expectAbort(first!.error, 'SIG', { blame: [], ban: false, round: 5 })
    }
  })

  test('who opens another nonce than it committed to is blamed', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error } = victimOf(
      set,
      random,
      tampering(3, OPENING, (body) => flip(body, 33)),
    )
    expectAbort(error, 'COMMIT', { blame: [2], ban: false, round: 3 })
    expect(pairOf(set).cheat).toBeUndefined()
  })

  test('who shows no point for its part of the key is blamed', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const sessions = signingSessions(backend, set, randomDigest(random), random)
    const intercept = tampering(3, 65 + 33 + 32, (body) => replaced(body, 65, Uint8Array.of(5)))
    expectAbort(simulate(sessions, { intercept })[0]!.error, 'POINT', { blame: [2], ban: false, round: 3 })
  })

  // Row 27: the parts of the key must add up to it.
  test('who signs with another share multiplies something else than its part of the key', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const share: KeyShare = { ...set[1]!.share, secretShare: group.randomScalar(random) }
    const { error } = simulate(
      signingSessions(backend, [set[0]!, { ...set[1]!, share }], randomDigest(random), random),
    )[0]!
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
  })

  test('nobody is blamed for a wrong sum of three parts of the key', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const share: KeyShare = { ...set[1]!.share, secretShare: group.randomScalar(random) }
    const [first] = simulate(
      signingSessions(backend, [set[0]!, { ...set[1]!, share }, set[2]!], randomDigest(random), random),
    )
    expectAbort(first!.error, 'PKSUM', { blame: [], ban: false, round: 3 })
  })

  test.each([
    ['w', 5],
    ['u', 37],
  ])('a signature spoilt by another %s is not released', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error, done } = victimOf(
      set,
      random,
      tampering(4, 64, (body) => flip(body, at)),
    )
    expect(done).toBeUndefined()
    expectAbort(error, 'SIG', { blame: [2], ban: false, round: 4 })
  })

  test.each([
    [1, HELLO],
    [1, EXTENSION],
    [2, PRODUCT],
    [3, OPENING],
    [3, CORRECTION],
    [4, 64],
  ])('a message of round %i of %i bytes has exactly that length', (round, length) => {
    const attack = (change: (body: Uint8Array) => Uint8Array) => {
      const random = seededRandom()
      const set = holders(backend, 2, 2, random)
      const victim = victimOf(set, random, tampering(round, length, change))
      expect(pairOf(set).cheat).toBeUndefined()
      return victim
    }
    expectAbort(attack((body) => body.slice(0, -1)).error, 'FORMAT', { blame: [2], ban: false, round })
    const long = attack((body) => replaced(new Uint8Array(body.length + 1), 0, body))
    expect([long.error, long.done]).toEqual([undefined, undefined])
    expect(long.receipts).toContain('dropped')
  })

  test.each([
    ['a number of the matrix', 2, PRODUCT, 0],
    ['v', 2, PRODUCT, V],
    ['γ_k', 3, CORRECTION, 0],
    ['γ_x', 3, CORRECTION, GAMMA_X],
    ['w', 4, 64, 0],
    ['u', 4, 64, 32],
  ] as const)('%s that is not below the order is refused', (_, round, length, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const order = numberToBytes('secp256k1', ORDER.secp256k1)
    const { error } = victimOf(
      set,
      random,
      tampering(round, length, (body) => replaced(body, at, order)),
    )
    expectAbort(error, 'FORMAT', { blame: [2], ban: false, round })
  })

  // Rows 2 and 19.
  test('one detection ends the use of a state for ever, also from its stored form', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    victimOf(
      set,
      random,
      tampering(1, EXTENSION, (body) => flip(body, U)),
    )
    const digest = randomDigest(random)
    const signers = ids(1, 2)
    for (const pairs of [set[0]!.pairs, set[0]!.pairs.map((pair) => OtState.decode(pair.encode()))]) {
      expectCode(
        () => createEcdsaSigning({ backend, share: set[0]!.share, pairs, signers, digest, random }),
        'OT_POISONED',
      )
    }
  })

  // Row 3: four sessions run side by side, one of them with a cheat.
  test('a cheat in one of four sessions stops the other three before their next check', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const runs = [0, 1, 2, 3].map(() => {
      const [victim, peer] = signingSessions(backend, set, randomDigest(random), random)
      for (const bytes of victim!.start().out) peer!.receive(bytes)
      return { victim: victim!, answer: peer!.advance().out }
    })
    const [cheated, ...honest] = runs
    for (const bytes of cheated!.answer) {
      const { body, round, ...header } = decodeEnvelope(bytes)
      const changed = round === 2 ? flip(body, 0) : body
      cheated!.victim.receive(encodeEnvelope({ ...header, round, body: changed }))
    }
    expect(() => cheated!.victim.advance()).toThrow(ProtocolError)
    for (const { victim, answer } of honest) {
      for (const bytes of answer) victim.receive(bytes)
      expectCode(() => victim.advance(), 'OT_POISONED')
    }
  })

  test('a cheat in another session ends one that needs no more transfers', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [victim, peer] = signingSessions(backend, set, randomDigest(random), random)
    let fromVictim = victim!.start().out
    for (let request = 1; request <= 2; request++) {
      for (const bytes of fromVictim) peer!.receive(bytes)
      const fromPeer = peer!.advance().out
      for (const bytes of fromPeer) victim!.receive(bytes)
      if (request === 1) fromVictim = victim!.advance().out
    }
    pairOf(set).poison('CHEAT_OTE')
    expectCode(() => victim!.advance(), 'OT_POISONED')
  })

  // Row 7.
  test('a replayed commitment of another signature ends with SID and blames nobody', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { record, replay } = replays()
    signatures(signingSessions(backend, set, randomDigest(random), random), { intercept: record })
    const { error } = victimOf(
      set,
      random,
      replay(() => true),
    )
    expectAbort(error, 'SID', { blame: [], ban: false, round: 1 })
    expect((error as ProtocolError).retryable).toBe(true)
    expect(pairOf(set).cheat).toBeUndefined()
  })

  test('a replayed commitment to the same digest leaves every later message out', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const { record, replay } = replays()
    signatures(signingSessions(backend, set, digest, random), { intercept: record })
    const [victim] = simulate(signingSessions(backend, set, digest, random), { intercept: replay(() => true) })
    expect(victim!.error).toBeUndefined()
    expect(victim!.done).toBeUndefined()
    expect(victim!.receipts.slice(3).every((receipt) => receipt === 'dropped')).toBe(true)
    expect(pairOf(set).cheat).toBeUndefined()
  })

  test.each([
    ['the commitment', (to: number) => to === 0],
    ['the extension', (to: number) => to !== 0],
  ])('%s of another session beside the rest of this one is no cheat', (_, which) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const { record, replay } = replays()
    signatures(signingSessions(backend, set, digest, random), { intercept: record })
    const [victim] = simulate(signingSessions(backend, set, digest, random), { intercept: replay(which) })
    expectAbort(victim!.error, 'SID', { blame: [], ban: false, round: 1 })
    expect(pairOf(set).cheat).toBeUndefined()
  })

  // Row 8: the device is restored to before a new setup.
  test('an old oblivious-transfer state ends with OT_DESYNC and bans nobody', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const old = copyOf(set[1]!)
    const fresh = dealPairs(
      set.map(({ share }) => share),
      random,
    )
    const outcomes = simulate(signingSessions(backend, [fresh[0]!, old], randomDigest(random), random))
    for (const { error } of outcomes) expectAbort(error, 'OT_DESYNC', { blame: [], ban: false, round: 1 })
    expect(pairOf(fresh).cheat).toBeUndefined()
    expect(pairOf([old]).cheat).toBeUndefined()
  })

  test('a session does not go on with another state than it began with', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const fresh = dealPairs(
      set.map(({ share }) => share),
      random,
    )
    const digest = randomDigest(random)
    const [session] = signingSessions(backend, set, digest, random)
    session!.start()
    const state = session!.export()
    const options = { backend, share: set[0]!.share, signers: ids(1, 2), digest, random }
    let error: unknown
    try {
      restoreEcdsaSigning(state, { ...options, pairs: fresh[0]!.pairs })
    } catch (caught) {
      error = caught
    }
    expectAbort(error, 'OT_DESYNC', { blame: [], ban: false, round: 1 })
  })

  // Rows 9 and 27.
  test('signers of two sets end with SET before any cryptography', () => {
    const random = seededRandom()
    const [first, second] = [holders(backend, 2, 2, random), holders(backend, 2, 2, random)]
    const outcomes = simulate(signingSessions(backend, [first[0]!, second[1]!], randomDigest(random), random))
    for (const { error } of outcomes) expectAbort(error, 'SET', { blame: [], ban: false, round: 1 })
    expect(pairOf(first).cheat).toBeUndefined()
    expectCode(
      () =>
        createEcdsaSigning({
          backend,
          share: first[0]!.share,
          pairs: second[0]!.pairs,
          signers: ids(1, 2),
          digest: randomDigest(random),
          random,
        }),
      'SET_MISMATCH',
    )
  })

  test('signers of two digests, keys or paths end with SID', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const tweak = group.randomScalar(random)
    for (const other of [{ digest: randomDigest(random) }, { derivation: { path: [1], tweak } }]) {
      const sessions = signingSessions(backend, set, digest, random, (id) => (id === CLIENT ? {} : other))
      for (const { error } of simulate(sessions)) expectAbort(error, 'SID', { blame: [], ban: false, round: 1 })
    }
    const paths = signingSessions(backend, set, digest, random, (id) => ({
      derivation: { path: id === CLIENT ? [1] : [2], tweak },
    }))
    for (const { error } of simulate(paths)) expectAbort(error, 'SID', { blame: [], ban: false, round: 1 })
  })

  // Row 29.
  test('messages of a preprocessing are not those of a signature', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [signer] = signingSessions(backend, set, randomDigest(random), random)
    const [, preprocessor] = preprocessingSessions(backend, set, random)
    const outcomes = simulate<unknown>([signer!, preprocessor!])
    expect(outcomes.map(({ receipts }) => receipts)).toEqual([['dropped'], ['dropped', 'dropped']])
    for (const { error } of outcomes) expect(error).toBeUndefined()
  })

  // Rows 17 and 31.
  test('junk, strays and messages of other sessions change nothing', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const strays: Uint8Array[] = []
    const collect = (packet: Packet): Packet[] => {
      if (packet.from === 2 && decodeEnvelope(packet.bytes).round > 1) strays.push(packet.bytes)
      return [packet]
    }
    signatures(signingSessions(backend, set, digest, random), { intercept: collect })
    const [signature] = signatures(signingSessions(backend, set, digest, random), {
      intercept: (packet) => {
        const junk = [random(40), flip(packet.bytes, 0), flip(packet.bytes, 1), ...strays]
        return [...junk.map((bytes) => ({ ...packet, bytes })), packet]
      },
    })
    expect(nobleAccepts(signature!, digest, group.encodePoint(set[0]!.share.record.publicKey))).toBe(true)
  })

  // Row 20, as it applies to signing.
  test('a signer that tells two others different commitments is noticed by the echo', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const outcomes = simulate(signingSessions(backend, set, randomDigest(random), random), {
      intercept: (packet) => {
        const { round, to, body } = decodeEnvelope(packet.bytes)
        const splits = packet.from === 2 && packet.to === 3 && round === 1 && to === 0
        return [splits ? rewrite(packet, () => ({ body: flip(body, -1) })) : packet]
      },
    })
    for (const { done, error } of outcomes) {
      expect(done).toBeUndefined()
      if (error !== undefined) expect((error as ProtocolError).blame).toEqual([])
    }
  })

  test('a dealer of two views of R, honest in each of them, gets no signature share', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const digest = randomDigest(random)
    const signers = ids(1, 2, 3)
    const own = () => createEcdsaSigning({ backend, ...set[1]!, signers, digest, random })
    const honest = signingSessions(backend, set, digest, random)
    // Participant 2 is two: one speaks with the first, one with the third, and both hear both.
    const sessions = [honest[0]!, own(), honest[2]!, own()]
    const rounds = new Set<number>()
    const outcomes = simulate(sessions, {
      intercept: ({ from, to, bytes }) => {
        if (from === 1 || from === 3) rounds.add(decodeEnvelope(bytes).round)
        const isDealer = from === 2 || from === 4
        if (isDealer) return to === (from === 2 ? 1 : 3) ? [{ from: 2, to, bytes }] : []
        if (to === 4) return []
        return to === 2 ? [2, 4].map((one) => ({ from, to: one, bytes })) : [{ from, to, bytes }]
      },
    })
    for (const { done, error } of [outcomes[0]!, outcomes[2]!]) {
      expect(done).toBeUndefined()
      if (error !== undefined) expectAbort(error, 'ECHO', { blame: [], ban: false, round: 2 })
    }
    expect(Math.max(...rounds)).toBe(2)
    for (const { share, pairs } of [set[0]!, set[2]!]) {
      expect(pairs.map(({ cheat }) => cheat)).toEqual([undefined, undefined])
      expect(share.secretShare.some((byte) => byte !== 0)).toBe(true)
    }
  })

  // The echo and the session's id would have to fail before this check is needed.
  test.each([
    ['another statement', 0],
    ['the opposite R', 32],
    ['another x of R', 64],
  ])('signers of three that compare and find %s send no signature share', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const rounds: [number, number][] = []
    const [first, , third] = simulate(signingSessions(backend, set, randomDigest(random), random), {
      intercept: (packet) => {
        const { round } = decodeEnvelope(packet.bytes)
        rounds.push([packet.from, round])
        const lies = packet.from === 2 && round === 4
        return [lies ? rewrite(packet, ({ body }) => ({ body: flip(body, at) })) : packet]
      },
    })
    expectAbort(first!.error, 'ECHO', { blame: [], ban: false, round: 4 })
    expectAbort(third!.error, 'ECHO', { blame: [], ban: false, round: 4 })
    expect(rounds.filter(([from, round]) => from !== 2 && round === 5)).toEqual([])
  })

  // Case P3.
  test.each([0, 1, 2])('a session that is stored after %i requests is of its statement alone', (requests) => {
    const random = seededRandom()
    const set = holders(backend, 2, 3, random)
    const digest = randomDigest(random)
    const derivation = { path: [1], tweak: group.randomScalar(random) }
    const [client, server] = signingSessions(backend, set.slice(0, 2), digest, random, () => ({ derivation }))
    let fromClient = client!.start().out
    for (let request = 0; request < requests; request++) {
      for (const bytes of fromClient) server!.receive(bytes)
      for (const bytes of server!.advance().out) client!.receive(bytes)
      if (request + 1 < requests) fromClient = client!.advance().out
    }
    const options = { backend, ...set[0]!, signers: ids(1, 2), digest, derivation, random }
    const state = client!.export()
    const { derivation: _, ...plain } = options
    for (const changed of [
      { ...options, digest: randomDigest(random) },
      plain,
      { ...options, derivation: { ...derivation, path: [2] } },
      { ...options, derivation: { ...derivation, tweak: group.randomScalar(random) } },
      { ...options, signers: ids(1, 3) },
    ]) {
      expect(() => restoreEcdsaSigning(state, changed)).toThrow(
        expect.objectContaining({ reason: 'SID', blame: [], ban: false }) as ProtocolError,
      )
    }
    const preprocess = { ...plain, epoch: 0 }
    expect(() => restorePreprocessing(state, preprocess)).toThrow(
      expect.objectContaining({ reason: 'SID' }) as ProtocolError,
    )
    expect(() => restoreEcdsaSigning(state, options)).not.toThrow()
  })

  // Case P5.
  test('a state that is none leaves no copy of the share', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const [client] = signingSessions(backend, set, digest, random)
    client!.start()
    const state = client!.export()
    const copies: Uint8Array[] = []
    const secretShare = set[0]!.share.secretShare.slice() as Scalar
    secretShare.slice = (...range) => {
      const copy = Uint8Array.prototype.slice.apply(secretShare, range)
      copies.push(copy)
      return copy
    }
    const share = { ...set[0]!.share, secretShare }
    const options = { backend, share, pairs: set[0]!.pairs, signers: ids(1, 2), digest, random }
    const other = { ...options, digest: randomDigest(random) }
    for (const run of [
      () => restoreEcdsaSigning(state.slice(0, 40), options),
      () => restoreEcdsaSigning(state.slice(0, 500), options),
      () => restoreEcdsaSigning(state.slice(0, -1), options),
      () => restoreEcdsaSigning(state.with(67, 99), options),
      () => restoreEcdsaSigning(state, other),
    ]) {
      copies.length = 0
      expect(run).toThrow(MpcError)
      expect(copies.length).toBe(1)
      expect(copies[0]!.every((byte) => byte === 0)).toBe(true)
    }
  })
})

test('what is signed is a digest of 32 bytes', async () => {
  const { digest32, hashMessage } = await import('../../../src/protocol/ecdsa/signing/digest.ts')
  expect(() => digest32(new Uint8Array(31))).toThrow(RangeError)
  expect(() => digest32('00'.repeat(32) as never)).toThrow(TypeError)
  expect(() => hashMessage('text' as never, 'sha256')).toThrow(TypeError)
  expect(() => hashMessage(new Uint8Array(1), 'md5' as never)).toThrow(RangeError)
  expect(hashMessage(new Uint8Array(0), 'keccak256')[0]).toBe(0xc5)
  const random = seededRandom()
  const [wasm] = backends
  const [first] = dealPairs(generate(wasm!.backend.group, 2, 2, random), random)
  const options = { backend: wasm!.backend, ...first!, signers: ids(1, 2), random }
  expect(() => createEcdsaSigning({ ...options, digest: new Uint8Array(20) as never })).toThrow(RangeError)
})
