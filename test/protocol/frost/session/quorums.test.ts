import { describe, expect, test } from 'vitest'
import type { Group } from '../../../../src/curve/group.ts'
import { createSigning, MESSAGE_MAX_LENGTH, type SigningOptions } from '../../../../src/protocol/frost/session.ts'
import { partyId } from '../../../../src/types.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { deal, keyShares, suites } from '../support.ts'
import { run } from './run.ts'
import { CLIENT, SERVER, twoSigners } from './two-signers.ts'

const random = seededRandom()

function shuffled<T>(items: readonly T[]): T[] {
  const order = items.map((item) => ({ item, key: random(4).join() }))
  return order.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item)
}

describe.each(suites)('signing session: $name', ({ suite }) => {
  const { group, pair, pairShares, options, clientServer, verifies, exchange } = twoSigners(suite, random)

  describe('client and server', () => {
    test('one request, one response, and only the client learns the signature', () => {
      const [client, server] = clientServer()
      const { request, response, server: serverResult } = exchange(client, server)
      expect(serverResult).toEqual({})
      for (const envelope of response) expect(client.receive(envelope)).toBe('accepted')
      const { out, done } = client.advance()
      expect(out).toEqual([])
      expect(verifies(undefined, done?.signature)).toBe(true)
      const D_E = 2 * group.pointLength
      expect(request.map(({ length }) => length)).toEqual([42 + D_E])
      expect(response.map(({ length }) => length)).toEqual([42 + D_E, 42 + 32])
    })

    test('the response may arrive in any order, and in pieces', () => {
      const [client, server] = clientServer()
      const { response } = exchange(client, server)
      expect(client.receive(response[1]!)).toBe('accepted')
      expect(client.advance()).toEqual({ out: [] })
      expect(client.receive(response[1]!)).toBe('duplicate')
      expect(client.receive(response[0]!)).toBe('accepted')
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
    const { response } = exchange(client, server)
    client.receive(response[0]!)
    client.advance()
    client.receive(response[1]!)
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
