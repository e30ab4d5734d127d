import { describe, expect, test } from 'vitest'
import type { Group } from '../../../../src/curve/group.ts'
import { portableGroup } from '../../../../src/curve/portable.ts'
import { ProtocolError } from '../../../../src/errors.ts'
import { createSigning } from '../../../../src/protocol/frost/session.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { deal, keyShares, suites } from '../support.ts'
import { altered } from './run.ts'
import { CLIENT, SERVER, twoSigners } from './two-signers.ts'

const random = seededRandom()

describe.each(suites)('signing session: $name', ({ suite }) => {
  const { pairShares, options, clientServer, verifies, exchange } = twoSigners(suite, random)

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
      const responses = sessions.map(([client, server]) => exchange(client, server).response)
      for (const [i, [client]] of sessions.entries()) {
        client.receive(responses[i]![0]!)
        client.advance()
        for (const [j, response] of responses.entries()) {
          if (j !== i) expect(client.receive(response[1]!)).toBe('dropped')
        }
        client.receive(responses[i]![1]!)
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
