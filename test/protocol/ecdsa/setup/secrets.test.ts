import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../../src/curve/group.ts'
import { type EcdsaBackend, wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import { respondToOffers, makeOffers } from '../../../../src/protocol/ecdsa/ot/base-ot.ts'
import { respond, finish, offer, wipeOffered } from '../../../../src/protocol/ecdsa/setup/peer-setup.ts'
import { createOtSetup } from '../../../../src/protocol/ecdsa/setup/create-setup.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { seededRandom } from '../../../support/random.ts'
import { flip, rewrite, simulate } from '../../../support/simulator.ts'
import { ids, setupSessions } from '../support.ts'

const backend = wasmEcdsa()
const [CLIENT, SERVER] = ids(1, 2)
const isWiped = (secret: Uint8Array): boolean => secret.every((byte) => byte === 0)

describe('a party of a setup leaves none of its secrets', () => {
  const random = seededRandom('setup')
  const [sid, secret] = [random(32), random(32)]
  const drawn: Scalar[] = []
  const watched: EcdsaBackend = {
    ...backend,
    group: {
      ...backend.group,
      randomScalar: (source) => {
        const scalar = backend.group.randomScalar(source)
        drawn.push(scalar)
        return scalar
      },
    },
  }

  test('of base OTs: strings, and all that the one that responds draws', () => {
    const given: Uint8Array[] = []
    const recorded = (length: number): Uint8Array => {
      const bytes = random(length)
      given.push(bytes)
      return bytes
    }
    drawn.length = 0
    const { message, exponents, choices } = makeOffers(watched, sid, recorded)
    expect(drawn.filter((scalar) => !isWiped(scalar))).toEqual(exponents)
    expect(given.filter((bytes) => bytes.length === 128 * 33).map(isWiped)).toEqual([true])
    expect(isWiped(choices)).toBe(false)
    for (const offers of [message, message.slice().fill(0)]) {
      drawn.length = 0
      given.length = 0
      const run = () => respondToOffers(watched, sid, offers, recorded)
      if (offers === message) run()
      else expect(run).toThrow()
      expect(drawn).toHaveLength(1)
      expect([...drawn, ...given.filter((bytes) => bytes.length === 32).slice(-1)].every(isWiped)).toBe(true)
    }
  })

  test('of an offer and a response that are wiped', () => {
    const [client, server] = [CLIENT!, SERVER!]
    const context = { backend, sid, self: client, peer: server, from: 2, offering: server, random, secret }
    const { body: ours, ...offered } = offer(context)
    const { body: theirs, ...kept } = offer({ ...context, self: server, peer: client, from: 1 })
    const { body: _, ...responded } = respond(context, offered, theirs)
    expect([ours.length, theirs.length]).toEqual([32, 8480])
    const { part, blinding, baseOts } = responded
    const held = [part, blinding, baseOts!.delta, baseOts!.multiplierSeeds, baseOts!.choiceSeeds]
    expect(held.some(isWiped)).toBe(false)
    wipeOffered(responded)
    expect(held.every(isWiped)).toBe(true)
    const offers = [kept.offers!.choices, ...kept.offers!.exponents, kept.part, kept.blinding]
    expect(offers.some(isWiped)).toBe(false)
    wipeOffered(kept)
    expect(offers.every(isWiped)).toBe(true)
  })

  test('when it is done, but for what the setup gives', () => {
    drawn.length = 0
    const [client, server] = setupSessions(watched, ids(1, 2), random)
    let [fromClient, fromServer] = [client!.start().out, server!.start().out]
    for (let round = 1; round <= 3; round++) {
      for (const bytes of fromClient) server!.receive(bytes)
      for (const bytes of fromServer) client!.receive(bytes)
      const [one, other] = [client!.advance(), server!.advance()]
      ;[fromClient, fromServer] = [one.out, other.out]
      if (round === 3) expect(isWiped(one.done![0]!.secrets.choiceSeeds)).toBe(false)
    }
    expect(drawn).toHaveLength(128 + 1)
    expect(drawn.every(isWiped)).toBe(true)
  })

  test.each([1, 2])('when it is disposed of after %i rounds', (rounds) => {
    drawn.length = 0
    const [client, server] = setupSessions(watched, ids(1, 2), random)
    let [fromClient, fromServer] = [client!.start().out, server!.start().out]
    for (let round = 1; round <= rounds; round++) {
      for (const bytes of fromClient) server!.receive(bytes)
      for (const bytes of fromServer) client!.receive(bytes)
      ;[fromClient, fromServer] = [client!.advance().out, server!.advance().out]
    }
    expect(drawn.every(isWiped)).toBe(false)
    client!.dispose()
    server!.dispose()
    expect(drawn.every(isWiped)).toBe(true)
  })

  test('of what it has ended with one peer when another one cheats', () => {
    const made: Uint8Array[] = []
    const { baseOt } = backend
    const finishing: EcdsaBackend = {
      ...backend,
      baseOt: {
        ...baseOt,
        finish: (...input) => {
          const seeds = baseOt.finish(...input)!
          made.push(seeds.multiplierSeeds, seeds.choiceSeeds)
          return seeds
        },
      },
    }
    const parties = ids(1, 2, 3)
    const sessions = parties.map((self) =>
      createOtSetup({
        backend: self === CLIENT ? finishing : backend,
        parties,
        self,
        slow: ids(1),
        binding: sid,
        random,
      }),
    )
    const [outcome] = simulate(sessions, {
      intercept: (packet) => {
        const cheats = packet.from === 3 && packet.to === 1 && decodeEnvelope(packet.bytes).round === 3
        return [cheats ? rewrite(packet, ({ body }) => ({ body: flip(body, 0) })) : packet]
      },
    })
    expect(outcome?.error).toMatchObject({ reason: 'COMMIT', blame: [3] })
    expect(made.map(isWiped)).toEqual([true, true])
  })

  test('in a finished setup: what is given is not what was held', () => {
    const context = { backend, sid, self: CLIENT!, peer: SERVER!, from: 2, offering: SERVER!, random, secret }
    const mirrored = { ...context, self: SERVER!, peer: CLIENT!, from: 1 }
    const [own, other] = [offer(context), offer(mirrored)]
    const [first, second] = [respond(context, own, other.body), respond(mirrored, other, own.body)]
    const ended = [finish(context, first, second.body), finish(mirrored, second, first.body)]
    wipeOffered(first)
    wipeOffered(second)
    for (const { secrets } of ended)
      expect(Object.values(secrets).map((secret: Uint8Array) => isWiped(secret))).toEqual([false, false, false, false])
  })
})
