import { describe, expect, test } from 'vitest'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { createSigning, type SigningOptions } from '../../../../src/protocol/frost/session.ts'
import { partyId } from '../../../../src/types.ts'
import { concatBytes } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { deal, keyShares, suites } from '../support.ts'
import { abortOf, altered } from './run.ts'
import { CLIENT, SERVER, twoSigners } from './two-signers.ts'

const random = seededRandom()

describe.each(suites)('signing session: $name', ({ suite }) => {
  const { group, pair, options, clientServer, verifies, exchange } = twoSigners(suite, random)

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
      const recorded = exchange(...old).response
      const { response } = exchange(client, server)
      client.receive(response[0]!)
      client.advance()
      expect(client.receive(recorded[1]!)).toBe('dropped')
      expect(client.receive(response[1]!)).toBe('accepted')
      expect(verifies(undefined, client.advance().done?.signature)).toBe(true)
    })

    test('a signature share of another session, renamed to this one, is a wrong share', () => {
      const [client, server] = clientServer()
      const recorded = exchange(...clientServer()).response
      const { response } = exchange(client, server)
      client.receive(response[0]!)
      client.receive(altered(recorded[1]!, { sid: decodeEnvelope(response[1]!).sid }))
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
      const { response, request } = exchange(client, server)
      const whole = response[0]!
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
      for (const envelope of response) expect(client.receive(envelope)).toBe('accepted')
      expect(verifies(undefined, client.advance().done?.signature)).toBe(true)
    })
  })
})
