import { describe, expect, test } from 'vitest'

import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'

import type { Group, Scalar } from '../../../src/curve/group.ts'
import { portableGroup } from '../../../src/curve/portable.ts'
import type { MpcError } from '../../../src/errors.ts'
import { ProtocolError } from '../../../src/errors.ts'
import { decodeEnvelope, encodeEnvelope, type Envelope } from '../../../src/protocol/session/envelope.ts'
import {
  createSigning,
  MESSAGE_MAX_LENGTH,
  restoreSigning,
  type SigningOptions,
  type SigningResult,
} from '../../../src/protocol/frost/session.ts'
import { publicBytes } from '../../../src/protocol/frost/suites.ts'
import { verifySignature } from '../../../src/protocol/frost/verify.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import type { KeyShare } from '../../../src/key-share/types.ts'
import { partyId, type PartyId } from '../../../src/types.ts'
import { concatBytes, fromHex, toHex } from '../../../src/util/bytes.ts'
import { numberToBytes, ORDER } from '../../support/bigint-scalars.ts'
import { seededRandom } from '../../support/random.ts'
import { deal, keyShares, suites } from './support.ts'

const random = seededRandom()
const [CLIENT, SERVER] = [partyId(1), partyId(2)]

type Signing = Session<SigningResult>

/** Carries every envelope to every party until nothing moves; `deliver` may tamper, multiply, drop and reorder. */
function run(
  parties: readonly Signing[],
  deliver: (envelopes: readonly Uint8Array[]) => readonly Uint8Array[] = (envelopes) => envelopes,
): (SigningResult | undefined)[] {
  const results: (SigningResult | undefined)[] = parties.map(() => undefined)
  let wire = parties.flatMap((party) => [...party.start().out])
  while (wire.length > 0) {
    const arriving = deliver(wire)
    wire = []
    for (const [i, party] of parties.entries()) {
      if (results[i] !== undefined) continue
      for (const envelope of arriving) party.receive(envelope)
      const { out, done } = party.advance()
      wire.push(...out)
      results[i] = done
    }
  }
  return results
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = items.map((item) => ({ item, key: random(4).join() }))
  return order.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item)
}

function abortOf(run: () => unknown): Pick<ProtocolError, 'reason' | 'round' | 'blame'> {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    const { code, reason, round, blame } = error as ProtocolError
    expect(code).toBe('PROTOCOL_ABORTED')
    return { reason, round, blame }
  }
  throw new Error('nothing was thrown')
}

/** The same envelope with something changed. */
function altered(envelope: Uint8Array, change: Partial<Envelope>): Uint8Array {
  return encodeEnvelope({ ...decodeEnvelope(envelope), ...change })
}

describe.each(suites)('signing session: $name', ({ suite }) => {
  const { group } = suite
  const message = random(32)
  const pair = deal(group, 2, 2, random)
  const pairShares = keyShares(group, pair)

  const options = (shares: ReadonlyMap<PartyId, KeyShare>, id: number, rest: Partial<SigningOptions> = {}) => ({
    scheme: suite.name,
    group,
    share: shares.get(partyId(id))!,
    signers: [...shares.keys()],
    message,
    random,
    ...rest,
  })
  const clientServer = (rest: Partial<SigningOptions> = {}): [Signing, Signing] => [
    createSigning(options(pairShares, CLIENT, { aggregator: CLIENT, ...rest })),
    createSigning(options(pairShares, SERVER, { aggregator: CLIENT, ...rest })),
  ]
  const verifies = (publicKey = pair.publicKey, signature: Uint8Array | undefined, text = message): boolean =>
    signature !== undefined && verifySignature(suite, publicBytes(suite, group.encodePoint(publicKey)), text, signature)

  /** The client's request and the server's answer. */
  function exchange(client: Signing, server: Signing) {
    const request = client.start().out
    const opening = server.start().out
    for (const envelope of request) expect(server.receive(envelope)).toBe('accepted')
    const { out, done } = server.advance()
    return { request, answer: [...opening, ...out], server: done }
  }

  describe('client and server', () => {
    test('one request, one answer, and only the client learns the signature', () => {
      const [client, server] = clientServer()
      const { request, answer, server: serverResult } = exchange(client, server)
      expect(serverResult).toEqual({})
      for (const envelope of answer) expect(client.receive(envelope)).toBe('accepted')
      const { out, done } = client.advance()
      expect(out).toEqual([])
      expect(verifies(undefined, done?.signature)).toBe(true)
      const D_E = 2 * group.pointLength
      expect(request.map(({ length }) => length)).toEqual([42 + D_E])
      expect(answer.map(({ length }) => length)).toEqual([42 + D_E, 42 + 32])
    })

    test('the answer may arrive in any order, and in pieces', () => {
      const [client, server] = clientServer()
      const { answer } = exchange(client, server)
      expect(client.receive(answer[1]!)).toBe('accepted')
      expect(client.advance()).toEqual({ out: [] })
      expect(client.receive(answer[1]!)).toBe('duplicate')
      expect(client.receive(answer[0]!)).toBe('accepted')
      expect(verifies(undefined, client.advance().done?.signature)).toBe(true)
    })

    test('the server may aggregate instead', () => {
      const results = run(clientServer({ aggregator: SERVER }))
      expect(results[0]).toEqual({})
      expect(verifies(undefined, results[1]?.signature)).toBe(true)
    })

    test('without an aggregator both learn the same signature', () => {
      const results = run([createSigning(options(pairShares, 1)), createSigning(options(pairShares, 2))])
      expect(verifies(undefined, results[0]?.signature)).toBe(true)
      expect(results[1]).toEqual(results[0])
    })

    test('the share stays the caller’s, the message is copied', () => {
      const text = random(20)
      const signed = text.slice()
      const [client, server] = clientServer({ message: text })
      text.fill(0)
      const results = run([client, server])
      expect(verifies(undefined, results[0]?.signature, signed)).toBe(true)
      for (const [id, { secretShare }] of pairShares) expect(toHex(secretShare)).toBe(toHex(pair.shares.get(id)!))
    })

    test('every session has its own nonces', () => {
      const seen = new Set(Array.from({ length: 5 }, () => toHex(clientServer()[0].start().out[0]!)))
      expect(seen.size).toBe(5)
    })
  })

  describe('t of n', () => {
    test.each([
      [2, [1, 3]],
      [2, [1, 2, 3]],
      [3, [2, 5, 7]],
      [4, [1, 2, 3, 4, 5]],
      [5, [1, 2, 4, 6, 7]],
      [5, [1, 2, 3, 4, 5, 6, 7]],
    ])('%i of 7 by %j: all learn one signature, in any order of delivery', (threshold, ids) => {
      const set = deal(group, threshold, 7, random)
      const shares = keyShares(group, set)
      const signers = ids.map(partyId)
      const parties = signers.map((id) => createSigning(options(shares, id, { signers })))
      const results = run(parties, (envelopes) => shuffled([...envelopes, ...envelopes]))
      expect(verifies(set.publicKey, results[0]?.signature)).toBe(true)
      for (const result of results) expect(result).toEqual(results[0])
    })

    test('with an aggregator, the others only send', () => {
      const set = deal(group, 3, 5, random)
      const shares = keyShares(group, set)
      const signers = [1, 3, 4, 5].map(partyId)
      const parties = signers.map((id) => createSigning(options(shares, id, { signers, aggregator: partyId(4) })))
      const results = run(parties)
      expect(verifies(set.publicKey, results[2]?.signature)).toBe(true)
      for (const i of [0, 1, 3]) expect(results[i]).toEqual({})
    })

    test('a sender of two different commitments gets no signature, and no honest signer is blamed', () => {
      const set = deal(group, 2, 3, random)
      const shares = keyShares(group, set)
      const make = (id: number) => createSigning(options(shares, id))
      const [first, second, cheat, twin] = [make(1), make(2), make(3), make(3)]
      const opening = [first, second, cheat, twin].map((party) => party.start().out[0]!)
      for (const [receiver, heard] of [
        [first, [1, 2]],
        [second, [0, 3]],
        [cheat, [0, 1]],
      ] as const) {
        for (const i of heard) expect(receiver.receive(opening[i]!)).toBe('accepted')
      }
      const shareOf = [first, second, cheat].map((party) => party.advance().out[0]!)
      expect(first.receive(shareOf[1]!)).toBe('dropped')
      expect(second.receive(shareOf[0]!)).toBe('dropped')
      expect(first.receive(shareOf[2]!)).toBe('accepted')
      expect(first.advance()).toEqual({ out: [] })
      expect(second.advance()).toEqual({ out: [] })
    })
  })

  describe('blame (rows 25 and 27 of the attacks in docs/security.md)', () => {
    const spoilt = (round: number, spoil: (body: Uint8Array) => Uint8Array) => {
      const set = deal(group, 2, 3, random)
      const shares = keyShares(group, set)
      const signers = [1, 3].map(partyId)
      const [honest, cheat] = signers.map((id) => createSigning(options(shares, id, { signers }))) as [Signing, Signing]
      const openings = [honest.start().out[0]!, cheat.start().out[0]!] as const
      cheat.receive(openings[0])
      const body = decodeEnvelope(openings[1]).body
      honest.receive(round === 1 ? altered(openings[1], { body: spoil(body) }) : openings[1])
      if (round === 1) return honest
      honest.receive(cheat.advance().out.map((z) => altered(z, { body: spoil(decodeEnvelope(z).body) }))[0]!)
      return honest
    }
    const length = group.pointLength
    const blamesTheOther = (reason: string, round: number) => ({ reason, round, blame: [2] })

    test('a wrong signature share', () => {
      const plusOne = (z: Uint8Array) => group.add(z as Scalar, group.scalar(1))
      for (const spoil of [plusOne, () => new Uint8Array(32), (z: Uint8Array) => group.negate(z as Scalar)]) {
        const honest = spoilt(2, spoil)
        expect(abortOf(() => honest.advance())).toEqual(blamesTheOther('SIG', 2))
        expect(() => honest.advance()).toThrow(TypeError)
      }
    })

    test('a signature share that is no canonical scalar, or of another length', () => {
      const order = numberToBytes(group.curve, ORDER[group.curve])
      const bodies = [order, new Uint8Array(32).fill(0xff), new Uint8Array(0), new Uint8Array(31)]
      for (const body of bodies) {
        expect(abortOf(() => spoilt(2, () => body).advance())).toEqual(blamesTheOther('FORMAT', 2))
      }
    })

    test('commitments of another length', () => {
      for (const spoil of [
        (body: Uint8Array) => body.slice(1),
        (body: Uint8Array) => body.slice(0, length),
        () => new Uint8Array(0),
      ]) {
        expect(abortOf(() => spoilt(1, spoil).advance())).toEqual(blamesTheOther('FORMAT', 1))
      }
    })

    test('what is too long is dropped', () => {
      const long = (body: Uint8Array) => concatBytes(body, Uint8Array.of(0))
      expect(spoilt(1, long).advance()).toEqual({ out: [] })
      const { out, done } = spoilt(2, long).advance()
      expect([out.length, done]).toEqual([1, undefined])
    })

    test('commitments that are no points of prime order', () => {
      const bad =
        group.curve === 'ed25519'
          ? [...ED25519_TORSION_SUBGROUP.map(fromHex), numberToBytes('ed25519', 2n ** 255n - 18n)]
          : [
              new Uint8Array(33),
              concatBytes(Uint8Array.of(2), new Uint8Array(32).fill(0xff)),
              Uint8Array.of(4, ...random(32)),
            ]
      for (const point of bad) {
        const hiding = (body: Uint8Array) => concatBytes(point, body.slice(length))
        const binding = (body: Uint8Array) => concatBytes(body.slice(0, length), point)
        expect(abortOf(() => spoilt(1, hiding).advance())).toEqual(blamesTheOther('POINT', 1))
        expect(abortOf(() => spoilt(1, binding).advance())).toEqual(blamesTheOther('POINT', 1))
      }
    })

    test('a server whose share is of another set of the same name and key', () => {
      // Both are claimed, not proven; what gives the impostor away is its signature share.
      const impostor = keyShares(group, deal(group, 2, 2, random, pair.secret))
      const client = createSigning(options(pairShares, CLIENT, { aggregator: CLIENT }))
      const server = createSigning(options(impostor, SERVER, { aggregator: CLIENT }))
      const { answer } = exchange(client, server)
      for (const envelope of answer) client.receive(envelope)
      expect(abortOf(() => client.advance())).toEqual({ reason: 'SIG', round: 2, blame: [2] })
    })
  })

  describe('what belongs elsewhere is dropped (rows 17, 27, 29 and 31)', () => {
    const foreign: [string, Partial<SigningOptions>, Parameters<typeof keyShares>[2]?][] = [
      ['another set', {}, { setId: new Uint8Array(32).fill(1) }],
      ['another key of the set, such as a tweaked one', {}, { tweak: group.scalar(5) }],
      ['another message', { message: random(32) }],
      ['another aggregator', { aggregator: SERVER }],
      ['no aggregator', { aggregator: undefined }],
    ]
    test.each(foreign)('commitments for %s', (_, rest, setOptions) => {
      const [client, server] = clientServer()
      const other = createSigning(options(keyShares(group, pair, setOptions), CLIENT, { aggregator: CLIENT, ...rest }))
      server.start()
      expect(server.receive(other.start().out[0]!)).toBe('dropped')
      expect(server.advance()).toEqual({ out: [] })
      expect(server.receive(client.start().out[0]!)).toBe('accepted')
      expect(server.advance().out).toHaveLength(1)
    })

    test('commitments of another quorum', () => {
      const shares = keyShares(group, deal(group, 2, 3, random))
      const signing = (id: number, ...signers: number[]) =>
        createSigning(options(shares, id, { signers: signers.map(partyId) }))
      const receiver = signing(1, 1, 2)
      receiver.start()
      expect(receiver.receive(signing(2, 2, 3).start().out[0]!)).toBe('dropped')
      expect(receiver.receive(signing(2, 1, 2, 3).start().out[0]!)).toBe('dropped')
      expect(receiver.receive(signing(2, 1, 2).start().out[0]!)).toBe('accepted')
    })

    test('a signature share of another session, under this session’s commitments', () => {
      const [client, server] = clientServer()
      const old = clientServer()
      const recorded = exchange(...old).answer
      const { answer } = exchange(client, server)
      client.receive(answer[0]!)
      client.advance()
      expect(client.receive(recorded[1]!)).toBe('dropped')
      expect(client.receive(answer[1]!)).toBe('accepted')
      expect(verifies(undefined, client.advance().done?.signature)).toBe(true)
    })

    test('a signature share of another session, renamed to this one, is a wrong share', () => {
      const [client, server] = clientServer()
      const recorded = exchange(...clientServer()).answer
      const { answer } = exchange(client, server)
      client.receive(answer[0]!)
      client.receive(altered(recorded[1]!, { sid: decodeEnvelope(answer[1]!).sid }))
      expect(abortOf(() => client.advance())).toEqual({ reason: 'SIG', round: 2, blame: [2] })
    })

    test('a replay of the peer’s old commitments gives a share that opens nothing', () => {
      const recorded = exchange(...clientServer()).request[0]!
      const [client, server] = clientServer()
      const opening = server.start().out
      expect(server.receive(recorded)).toBe('accepted')
      const { out } = server.advance()
      client.start()
      for (const envelope of [...opening, ...out]) client.receive(envelope)
      expect(client.advance()).toEqual({ out: [] })
    })

    test('junk, strangers, echoes of oneself, other rounds, suites and protocols', () => {
      const [client, server] = clientServer()
      const { answer, request } = exchange(client, server)
      const whole = answer[0]!
      const junk = [
        new Uint8Array(0),
        random(200),
        whole.slice(0, -1),
        concatBytes(whole, Uint8Array.of(0)),
        request[0]!,
        altered(whole, { from: 1 }),
        altered(whole, { from: 3 }),
        altered(whole, { to: 2 }),
        altered(whole, { to: 1 }),
        altered(whole, { round: 3 }),
        altered(whole, { protocol: 'keygen' }),
        altered(whole, { suite: suite.name === 'bip340' ? 'secp256k1' : 'bip340' }),
        altered(whole, { sid: random(32) }),
        Uint8Array.from(whole, (byte, i) => (i === 0 ? 2 : byte)),
      ]
      for (const [i, envelope] of junk.entries()) expect(client.receive(envelope), `junk ${i}`).toBe('dropped')
      for (const envelope of answer) expect(client.receive(envelope)).toBe('accepted')
      expect(verifies(undefined, client.advance().done?.signature)).toBe(true)
    })
  })

  describe('single use (rows 10 and 26)', () => {
    test('the server signs for the first commitments only', () => {
      const [client, server] = clientServer()
      const second = createSigning(options(pairShares, CLIENT, { aggregator: CLIENT }))
      server.start()
      expect(server.receive(client.start().out[0]!)).toBe('accepted')
      expect(server.receive(second.start().out[0]!)).toBe('dropped')
      expect(server.advance().out).toHaveLength(1)
      expect(() => server.receive(second.start().out[0]!)).toThrow(TypeError)
      expect(() => server.advance()).toThrow(TypeError)
      expect(() => server.export()).toThrow(TypeError)
    })

    test('without an aggregator, no later commitments make a signer sign again', () => {
      const make = (id: number) => createSigning(options(pairShares, id))
      const [signer, peer, twin] = [make(1), make(2), make(2)]
      signer.start()
      signer.receive(peer.start().out[0]!)
      expect(signer.advance().out).toHaveLength(1)
      expect(signer.receive(twin.start().out[0]!)).toBe('dropped')
      expect(signer.advance()).toEqual({ out: [] })
    })

    test('many sessions at once: each completes, and no share fits another session', () => {
      const sessions = Array.from({ length: 6 }, () => clientServer())
      const answers = sessions.map(([client, server]) => exchange(client, server).answer)
      for (const [i, [client]] of sessions.entries()) {
        client.receive(answers[i]![0]!)
        client.advance()
        for (const [j, answer] of answers.entries()) {
          if (j !== i) expect(client.receive(answer[1]!)).toBe('dropped')
        }
        client.receive(answers[i]![1]!)
        expect(verifies(undefined, client.advance().done?.signature)).toBe(true)
      }
    })

    test('a disposed session does nothing more', () => {
      const [client] = clientServer()
      client.start()
      client.dispose()
      client.dispose()
      expect(() => client.advance()).toThrow(TypeError)
      expect(() => client.export()).toThrow(TypeError)
    })
  })

  describe('export and restore', () => {
    const own = (id: number) => options(pairShares, id, { aggregator: CLIENT })
    const restored = (session: Signing, id: number): Signing => restoreSigning(session.export(), own(id))

    test('at every step, and the exported session is over', () => {
      let [client, server] = clientServer()
      const first = client
      client = restored(client, CLIENT)
      expect(() => first.start()).toThrow(TypeError)
      const request = client.start().out[0]!
      client = restored(client, CLIENT)
      const opening = server.start().out[0]!
      server = restored(server, SERVER)
      server.receive(request)
      server = restored(server, SERVER)
      const [z] = server.advance().out
      client.receive(z!)
      client = restored(client, CLIENT)
      client.receive(opening)
      client = restored(client, CLIENT)
      expect(verifies(undefined, client.advance().done?.signature)).toBe(true)
    })

    test('between the rounds, where everybody learns the signature', () => {
      const set = deal(group, 2, 3, random)
      const shares = keyShares(group, set)
      let parties = [1, 2, 3].map((id) => createSigning(options(shares, id)))
      const openings = parties.map((party) => party.start().out[0]!)
      for (const party of parties) for (const opening of openings) party.receive(opening)
      const zs = parties.map((party) => party.advance().out[0]!)
      parties = parties.map((party, i) => restoreSigning(party.export(), options(shares, i + 1)))
      for (const party of parties) for (const z of zs) party.receive(z)
      const signatures = parties.map((party) => party.advance().done?.signature)
      expect(verifies(set.publicKey, signatures[0])).toBe(true)
      expect(new Set(signatures.map((signature) => toHex(signature!))).size).toBe(1)
    })

    test('anything but a state is refused', () => {
      const [client] = clientServer()
      client.start()
      const state = client.export()
      // Version, protocol, round, then context[32], participant and progress.
      const bad = [
        new Uint8Array(0),
        state.slice(0, -1),
        concatBytes(state, Uint8Array.of(0)),
        ...[0, 1, 3, 34, 35, 36].map((at) => state.with(at, 77)),
      ]
      for (const [i, bytes] of bad.entries()) {
        expect(() => restoreSigning(bytes, own(CLIENT)), `state ${i}`).toThrow(
          expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }) as MpcError,
        )
      }
      expect(() => restoreSigning(state.with(36, 77), own(CLIENT))).toThrow('unknown progress 77')
      expect(() => restoreSigning(state, own(CLIENT))).not.toThrow()
    })

    test.each<[string, (shares: ReadonlyMap<PartyId, KeyShare>) => Partial<SigningOptions>]>([
      ['message', () => ({ message: random(32) })],
      ['share', (shares) => ({ share: shares.get(SERVER)! })],
      ['key', () => ({ share: keyShares(group, pair, { tweak: group.scalar(5) }).get(CLIENT)! })],
      ['set', () => ({ share: keyShares(group, pair, { setId: new Uint8Array(32) }).get(CLIENT)! })],
      ['aggregator', () => ({ aggregator: SERVER })],
    ])('for another %s is refused', (_, change) => {
      const [client] = clientServer()
      client.start()
      const state = client.export()
      expect(() => restoreSigning(state, { ...own(CLIENT), ...change(pairShares) })).toThrow(
        expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }) as MpcError,
      )
      expect(() => restoreSigning(state, own(CLIENT))).not.toThrow()
    })

    test('says nothing of the share', () => {
      for (const [client, server] of [clientServer(), clientServer()]) {
        exchange(client, server)
        expect(toHex(client.export())).not.toContain(toHex(pairShares.get(CLIENT)!.secretShare))
      }
    })

    test('does not sign without nonces', () => {
      // Round 1, where nothing has been drawn.
      const session = restoreSigning(clientServer()[0].export().with(2, 1), own(CLIENT))
      session.receive(clientServer()[1].start().out[0]!)
      expect(() => session.advance()).toThrow('no nonces to sign with')
    })
  })

  test('an error of the group is nobody’s fault', () => {
    const fault = new TypeError('another error')
    let fails = false
    const failing: Group = {
      ...group,
      linearCombinationVar: (points, scalars) => {
        if (fails) throw fault
        return group.linearCombinationVar(points, scalars)
      },
    }
    const [, server] = clientServer()
    const client = createSigning(options(pairShares, CLIENT, { aggregator: CLIENT, group: failing }))
    const { answer } = exchange(client, server)
    client.receive(answer[0]!)
    client.advance()
    client.receive(answer[1]!)
    fails = true
    expect(() => client.advance()).toThrow(fault)
  })

  test('arguments are checked before anything happens', () => {
    const set = deal(group, 2, 3, random)
    const shares = keyShares(group, set)
    const bad: [Partial<SigningOptions>, typeof TypeError | typeof RangeError][] = [
      [{ scheme: 'rsa' as never }, RangeError],
      [{ scheme: 'toString' as never }, RangeError],
      [{ signers: [1].map(partyId) }, RangeError],
      [{ signers: [1, 1].map(partyId) }, RangeError],
      [{ signers: [2, 1].map(partyId) }, RangeError],
      [{ signers: [2, 3].map(partyId) }, RangeError],
      [{ signers: [1, 4].map(partyId) }, RangeError],
      [{ signers: [1, 2].map(partyId), aggregator: partyId(3) }, RangeError],
      [{ message: 'text' as never }, TypeError],
      [{ message: new Uint8Array(MESSAGE_MAX_LENGTH + 1) }, RangeError],
      [{ group: suites.find((candidate) => candidate.suite.group.curve !== group.curve)!.suite.group }, RangeError],
      [{ share: keyShares(group, set, { purpose: 'backup' }).get(partyId(1))! }, RangeError],
    ]
    const unused = () => {
      throw new Error('randomness was drawn')
    }
    for (const [rest, kind] of bad) {
      expect(() => createSigning(options(shares, 1, { random: unused, ...rest }))).toThrow(kind)
      if ('group' in rest) {
        expect(() => createSigning(options(shares, 1, rest))).toThrow(`the share set is of ${group.curve}`)
      }
    }
  })

  test('a message of the greatest length signs', () => {
    const text = new Uint8Array(MESSAGE_MAX_LENGTH).fill(7)
    expect(verifies(undefined, run(clientServer({ message: text }))[0]?.signature, text)).toBe(true)
  })
})

test('what a session holds of the share and of the nonces is wiped when it ends', () => {
  for (const end of ['done', 'disposed', 'exported', 'aborted'] as const) {
    const group = portableGroup('ed25519')
    const secrets: Uint8Array[] = []
    const remember = <T extends Uint8Array>(secret: T): T => {
      secrets.push(secret)
      return secret
    }
    let sharing = false
    const watched: Group = {
      ...group,
      // H3 is the only thing reduced before the commitments are out; the share is multiplied when z_i is computed.
      reduce: (wide) => (sharing ? group.reduce(wide) : remember(group.reduce(wide))),
      multiply: (a, b) => group.multiply(a, remember(b)),
    }
    const shares = keyShares(group, deal(group, 2, 2, random))
    const options = { scheme: 'ed25519', signers: [CLIENT, SERVER], message: random(8), random } as const
    const client = createSigning({ ...options, group: watched, share: shares.get(CLIENT)! })
    const server = createSigning({ ...options, group, share: shares.get(SERVER)! })
    const [request] = client.start().out
    sharing = true
    expect(secrets.map((secret) => secret.some((byte) => byte !== 0))).toEqual([true, true])
    if (end === 'disposed') client.dispose()
    else if (end === 'exported') client.export()
    else {
      client.receive(server.start().out[0]!)
      server.receive(request!)
      client.advance()
      const held = secrets.filter((secret) => toHex(secret) === toHex(shares.get(CLIENT)!.secretShare))
      expect(held).toHaveLength(1)
      const [z] = server.advance().out
      client.receive(end === 'done' ? z! : altered(z!, { body: new Uint8Array(32) }))
      if (end === 'done') expect(client.advance().done?.signature).toHaveLength(64)
      else expect(() => client.advance()).toThrow(ProtocolError)
      expect(held[0]!.every((byte) => byte === 0)).toBe(true)
    }
    expect(secrets.slice(0, 2).every((secret) => secret.every((byte) => byte === 0))).toBe(true)
  }
})
