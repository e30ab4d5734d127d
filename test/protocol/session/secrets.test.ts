import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { MpcError } from '../../../src/errors.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { ReshareResult } from '../../../src/protocol/reshare/index.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import { groups } from '../../support/groups.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { importSessions } from '../../support/scripted-import.ts'
import { generate, keygenSessions, newParties, PAIR, reshareSessions } from '../../support/sets.ts'
import { flip, rewrite, simulate } from '../../support/simulator.ts'
import { change, pair, type Pair } from './pair.ts'

const { group } = groups[0]!

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

  test.each(groups)('are wiped when an import is done: $name', ({ group }) => {
    const random = seededRandom()
    const { watched, secrets } = watch(group)
    const key = group.randomScalar(random)
    const outcomes = simulate(importSessions(watched, key, random))
    expect(outcomes.map(({ done }) => done === undefined)).toEqual([false, false])
    expect(secrets.length).toBeGreaterThan(5)
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
