import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../../src/errors.ts'
import { createEcdsaSigning, restoreEcdsaSigning } from '../../../../src/protocol/ecdsa/signing/sign.ts'
import { OtState } from '../../../../src/protocol/ecdsa/ot/ot-state.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { seededRandom } from '../../../support/random.ts'
import { flip, type Packet, simulate } from '../../../support/simulator.ts'
import {
  backends,
  dealPairs,
  type Holder,
  holders,
  ids,
  randomDigest,
  signatures,
  signingSessions,
} from '../support.ts'
import { EXTENSION, U } from './layout.ts'
import { otStateOf, tampering, victimIn } from './tampering.ts'
import { expectAbort, expectCode } from './expectations.ts'

const [CLIENT] = ids(1, 2)

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
function copyOf({ share, otStates }: Holder): Holder {
  return { share, otStates: otStates.map((otState) => OtState.decode(otState.encode())) }
}

describe.each(backends)('a cheating signer on $name', ({ backend }) => {
  const { group } = backend
  const victimOf = victimIn(backend)

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
      otStates: third.otStates.map(
        (otState) => new OtState({ ...otState, setId, digest: otState.digest }, { secrets: otState.secrets }),
      ),
    }
    const holding = what === 'a set' ? [set[0]!, set[1]!, moved] : set
    const sessions = signingSessions(backend, holding, digest, random, (id) =>
      what === 'a statement' && id === 3 ? { digest: randomDigest(random) } : {},
    )
    for (const { error } of simulate(sessions)) expectAbort(error, reason, { blame: [], ban: false, round: 1 })
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
    for (const otStates of [set[0]!.otStates, set[0]!.otStates.map((otState) => OtState.decode(otState.encode()))]) {
      expectCode(
        () => createEcdsaSigning({ backend, share: set[0]!.share, otStates, signers, digest, random }),
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
      return { victim: victim!, response: peer!.advance().out }
    })
    const [cheated, ...honest] = runs
    for (const bytes of cheated!.response) {
      const { body, round, ...header } = decodeEnvelope(bytes)
      const changed = round === 2 ? flip(body, 0) : body
      cheated!.victim.receive(encodeEnvelope({ ...header, round, body: changed }))
    }
    expect(() => cheated!.victim.advance()).toThrow(ProtocolError)
    for (const { victim, response } of honest) {
      for (const bytes of response) victim.receive(bytes)
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
    otStateOf(set).poison('CHEAT_OTE')
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
    expect(otStateOf(set).cheat).toBeUndefined()
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
    expect(otStateOf(set).cheat).toBeUndefined()
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
    expect(otStateOf(set).cheat).toBeUndefined()
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
    expect(otStateOf(fresh).cheat).toBeUndefined()
    expect(otStateOf([old]).cheat).toBeUndefined()
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
      restoreEcdsaSigning(state, { ...options, otStates: fresh[0]!.otStates })
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
    expect(otStateOf(first).cheat).toBeUndefined()
    expectCode(
      () =>
        createEcdsaSigning({
          backend,
          share: first[0]!.share,
          otStates: second[0]!.otStates,
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
})
