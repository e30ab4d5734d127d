import { describe, expect, test } from 'vitest'
import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import type { Scalar } from '../../../../src/curve/group.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { createSigning } from '../../../../src/protocol/frost/session.ts'
import { partyId } from '../../../../src/types.ts'
import { concatBytes, fromHex } from '../../../../src/util/bytes.ts'
import { numberToBytes, ORDER } from '../../../support/bigint-scalars.ts'
import { seededRandom } from '../../../support/random.ts'
import { deal, keyShares, suites } from '../support.ts'
import { type Signing, abortOf, altered } from './run.ts'
import { CLIENT, SERVER, twoSigners } from './two-signers.ts'

const random = seededRandom()

describe.each(suites)('signing session: $name', ({ suite }) => {
  const { group, pair, pairShares, options, exchange } = twoSigners(suite, random)

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
      const { response } = exchange(client, server)
      for (const envelope of response) client.receive(envelope)
      expect(abortOf(() => client.advance())).toEqual({ reason: 'SIG', round: 2, blame: [2] })
    })
  })
})
