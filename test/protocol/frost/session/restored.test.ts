import { describe, expect, test } from 'vitest'
import type { MpcError } from '../../../../src/errors.ts'
import { createSigning, restoreSigning, type SigningOptions } from '../../../../src/protocol/frost/session.ts'
import type { KeyShare } from '../../../../src/key-share/types.ts'
import type { PartyId } from '../../../../src/types.ts'
import { concatBytes, toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { deal, keyShares, suites } from '../support.ts'
import type { Signing } from './run.ts'
import { CLIENT, SERVER, twoSigners } from './two-signers.ts'

const random = seededRandom()

describe.each(suites)('signing session: $name', ({ suite }) => {
  const { group, pair, pairShares, options, clientServer, verifies, exchange } = twoSigners(suite, random)

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
        ...[0, 1, 3, 34, 35, 36].map((at) => state.with(at, state[at]! ^ 77)),
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
})
