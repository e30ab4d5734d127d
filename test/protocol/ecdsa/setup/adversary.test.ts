import { describe, expect, test } from 'vitest'
import { type AbortReason, ProtocolError } from '../../../../src/errors.ts'
import { wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import { createOtSetup } from '../../../../src/protocol/ecdsa/setup/create-setup.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { flip, type SimulationResult, type Packet, rewrite, simulate } from '../../../support/simulator.ts'
import { ids, setupSessions } from '../support.ts'

const backend = wasmEcdsa()
const { group } = backend

describe('a cheating party in the setup', () => {
  function victimOf(cheat: 1 | 2, round: number, change: (body: Uint8Array) => Uint8Array): SimulationResult<unknown> {
    const random = seededRandom()
    const intercept = (packet: Packet): Packet[] => {
      const isCheat = packet.from === cheat && decodeEnvelope(packet.bytes).round === round
      return [isCheat ? rewrite(packet, ({ body }) => ({ body: change(body) })) : packet]
    }
    return simulate(setupSessions(backend, ids(1, 2), random), { intercept })[2 - cheat]!
  }

  const patched = (at: number, bytes: Uint8Array) => (body: Uint8Array) => {
    const out = body.slice()
    out.set(bytes, at)
    return out
  }
  // x = 5 is on no point of secp256k1.
  const noPoint = Uint8Array.of(2, ...new Array<number>(31).fill(0), 5)

  // Party 2 offers, party 1 responds: `z[33] | u | x | t` behind two seeds.
  test.each<[string, 1 | 2, number, (body: Uint8Array) => Uint8Array, AbortReason]>([
    ['a short nonce', 2, 1, (body) => body.slice(1), 'FORMAT'],
    ['a short commitment', 1, 2, (body) => body.slice(1), 'FORMAT'],
    ['short offers', 2, 2, (body) => body.slice(1), 'FORMAT'],
    ['no offers', 2, 2, (body) => body.slice(0, 32), 'FORMAT'],
    ['offers where it ought to respond', 1, 2, (body) => patched(0, body)(new Uint8Array(8480)), 'FORMAT'],
    ['no response', 1, 3, (body) => body.slice(0, 64), 'FORMAT'],
    ['a response where it ought to offer', 2, 3, (body) => patched(0, body)(new Uint8Array(6257)), 'FORMAT'],
    ['a first T that is no point', 2, 2, patched(32 + 33, noPoint), 'POINT'],
    ['a last T that is no point', 2, 2, patched(8480 - 33, noPoint), 'POINT'],
    ['a z that is no point', 1, 3, patched(64, noPoint), 'POINT'],
    ['a z of zeros', 1, 3, patched(64, new Uint8Array(33)), 'POINT'],
    ['another z', 1, 3, patched(64, group.encodePoint(group.multiplyBase(group.scalar(5)))), 'CHEAT_SETUP'],
    ['another u', 1, 3, (body) => flip(body, 97), 'CHEAT_SETUP'],
    ['another t', 1, 3, (body) => flip(body, 6256), 'CHEAT_SETUP'],
    ['another seed than it committed to', 2, 3, (body) => flip(body, 0), 'COMMIT'],
    ['another blinding than it committed with', 1, 3, (body) => flip(body, 32), 'COMMIT'],
    ['a commitment to nothing', 2, 2, (body) => flip(body, 0), 'COMMIT'],
  ])('who sends %s is blamed and not banned', (_, cheat, round, change, reason) => {
    const { error } = victimOf(cheat, round, change)
    expect(error).toBeInstanceOf(ProtocolError)
    const { reason: given, blame, ban } = error as ProtocolError
    expect([given, blame, ban]).toEqual([reason, [cheat], false])
  })

  test.each([
    [1, 32],
    [2, 32 + 8448],
    [3, 64 + 6193],
  ])('whose message of round %i is longer than %i bytes is not heard', (round, length) => {
    const grown = (body: Uint8Array): Uint8Array => patched(0, body)(new Uint8Array(length + 1))
    const cheat = round === 2 ? 2 : 1
    const { error, done, receipts } = victimOf(cheat, round, grown)
    expect([error, done, receipts.includes('dropped')]).toEqual([undefined, undefined, true])
  })

  test('whose offers are other ones for each side is noticed by the one that offers', () => {
    const random = seededRandom()
    const other = group.encodePoint(group.multiplyBase(group.randomScalar(random)))
    const [offering] = simulate(setupSessions(backend, ids(1, 2), random), {
      intercept: (packet) => {
        const isOffer = packet.from === 2 && decodeEnvelope(packet.bytes).round === 2
        return [isOffer ? rewrite(packet, ({ body }) => ({ body: patched(32 + 33, other)(body) })) : packet]
      },
    }).slice(1)
    expect(offering!.error).toMatchObject({ reason: 'CHEAT_SETUP', ban: false })
  })

  test('that sends other strings than it opened has another digest', () => {
    const random = seededRandom()
    const outcomes = simulate(setupSessions(backend, ids(1, 2), random), {
      intercept: (packet) => {
        const isOpening = packet.from === 2 && decodeEnvelope(packet.bytes).round === 2
        // s of transfer 0 in the branch that is not chosen is never used by the one that offers; its keys hang on it.
        return [isOpening ? rewrite(packet, ({ body }) => ({ body: flip(body, 32) })) : packet]
      },
    })
    expect(outcomes[1]!.error).toMatchObject({ reason: 'CHEAT_SETUP' })
  })
})

describe('a random source that repeats', () => {
  /** A party's messages in a setup with a peer whose randomness is its own, from one and the same source each time. */
  function run(self: 1 | 2, peerSeed: string, secret?: Uint8Array) {
    const [repeated, other] = [seededRandom('repeats'), seededRandom(peerSeed)]
    const bodies: Record<string, Uint8Array> = {}
    const outcomes = simulate(
      ids(1, 2).map((id) =>
        createOtSetup({
          ...{ backend, parties: ids(1, 2), self: id, binding: new Uint8Array(32) },
          random: id === self ? repeated : other,
          ...(id === self && secret !== undefined && { secret }),
        }),
      ),
      {
        intercept: (packet) => {
          if (packet.from === self) bodies[decodeEnvelope(packet.bytes).round] = decodeEnvelope(packet.bytes).body
          return [packet]
        },
      },
    )
    return { bodies, secrets: outcomes[self - 1]!.done![0]!.secrets }
  }

  test('gives neither Δ nor the seeds a second time where the peer’s nonce is another one', () => {
    for (const self of [1, 2] as const) {
      const [first, second] = [run(self, 'first peer'), run(self, 'second peer')]
      expect(toHex(first.bodies[1]!)).toBe(toHex(second.bodies[1]!))
      expect(toHex(first.secrets.delta)).not.toBe(toHex(second.secrets.delta))
      for (const round of [2, 3]) expect(toHex(first.bodies[round]!)).not.toBe(toHex(second.bodies[round]!))
    }
  })

  test('gives another Δ under another secret, for the very same messages of the peer', () => {
    const [first, second] = [run(2, 'peer', new Uint8Array(32).fill(1)), run(2, 'peer', new Uint8Array(32).fill(2))]
    expect(toHex(first.secrets.delta)).not.toBe(toHex(second.secrets.delta))
  })
})
