import { describe, expect, test } from 'vitest'
import { decodeEnvelope } from '../../src/protocol/session/envelope.ts'
import { createKeygen, type KeygenOptions } from '../../src/protocol/keygen/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import { encodeShareSetRecord, type KeyShare, validateKeyShare } from '../../src/key-share/index.ts'
import { partyId, type Purpose, type Role } from '../../src/types.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { firstIds, generate, GRID, keygenSessions, keyOf, makesKey, newParties, subsets } from '../support/sets.ts'
import { simulate } from '../support/simulator.ts'

describe.each(groups)('key generation on $name', ({ group }) => {
  test.each(GRID)('%i of %i: any t shares make the key', (threshold, count) => {
    const shares = generate(group, threshold, count, seededRandom())
    const [{ record }] = shares as [KeyShare]
    for (const share of shares) {
      expect(encodeShareSetRecord(group, share.record)).toEqual(encodeShareSetRecord(group, record))
      validateKeyShare(group, share)
    }
    for (const quorum of subsets(shares, threshold)) expect(makesKey(group, quorum, record)).toBe(true)
  })

  test('t − 1 shares do not make the key', () => {
    const shares = generate(group, 3, 4, seededRandom())
    const short = shares.slice(0, 2).map((share) => ({ ...share, record: { ...share.record, threshold: 2 } }))
    expect(makesKey(group, short, (shares[0] as KeyShare).record)).toBe(false)
  })

  test('ids need not be 1..n', () => {
    const parties = newParties([2, 7, 255])
    const shares = simulate(keygenSessions({ group, threshold: 2, parties }, seededRandom())).map(
      ({ done }) => done as KeyShare,
    )
    expect(shares.map(({ id }) => id)).toEqual([2, 7, 255])
    for (const quorum of subsets(shares, 2)) expect(makesKey(group, quorum, quorum[0]!.record)).toBe(true)
  })

  test('two parties send three messages in turn', () => {
    const [client, server] = keygenSessions({ group, threshold: 2, parties: newParties([1, 2]) }, seededRandom()) as [
      Session<KeyShare>,
      Session<KeyShare>,
    ]
    const rounds = (out: readonly Uint8Array[]) => out.map((bytes) => decodeEnvelope(bytes).round)
    const deliver = (to: Session<KeyShare>, out: readonly Uint8Array[]) => {
      for (const bytes of out) expect(to.receive(bytes)).toBe('accepted')
    }

    const first = client.start()
    expect(rounds(first.out)).toEqual([1])

    const opened = server.start()
    deliver(server, first.out)
    const responded = server.advance()
    expect(rounds([...opened.out, ...responded.out])).toEqual([1, 2, 2])
    expect(responded.prepared).toBeUndefined()

    deliver(client, [...opened.out, ...responded.out])
    const second = client.advance()
    expect(rounds(second.out)).toEqual([2, 2, 3])
    expect(second.prepared).toBeDefined()
    expect(second.done).toBeUndefined()

    deliver(server, second.out)
    const last = server.advance()
    expect(rounds(last.out)).toEqual([3])
    expect(last.prepared).toBe(last.done)

    deliver(client, last.out)
    const end = client.advance()
    expect(end.out).toEqual([])
    expect(end.done).toEqual(second.prepared)
    expect(end.done?.record.setId).toEqual(last.done?.record.setId)
  })

  test('the record says what was agreed on', () => {
    const walletId = new Uint8Array(16).fill(9)
    const parties = newParties([1, 2, 3])
    const random = seededRandom()
    const plan = { group, threshold: 2, parties, walletId, purpose: 'backup' as Purpose }
    const [outcome] = simulate(keygenSessions(plan, random))
    expect(outcome?.done?.record).toMatchObject({ curve: group.curve, walletId, purpose: 'backup', threshold: 2 })
    expect(outcome?.done?.record.parties.map(({ id, role }) => ({ id, role }))).toEqual(parties)
  })

  test('two runs give unrelated sets', () => {
    const random = seededRandom()
    const [a, b] = [generate(group, 2, 2, random), generate(group, 2, 2, random)] as [KeyShare[], KeyShare[]]
    expect(a[0]!.record.setId).not.toEqual(b[0]!.record.setId)
    expect(a[0]!.record.chainCode).not.toEqual(b[0]!.record.chainCode)
    expect(keyOf(group, a)).not.toEqual(keyOf(group, b))
    expect(makesKey(group, [a[0]!, b[1]!], a[0]!.record)).toBe(false)
  })

  test.each([
    ['shuffled', 2, 2],
    ['shuffled', 3, 4],
    ['doubled', 2, 2],
    ['doubled', 2, 3],
  ] as const)('a network that has %s packets changes nothing for %i of %i', (how, threshold, count) => {
    const random = seededRandom()
    const sessions = keygenSessions({ group, threshold, parties: newParties(firstIds(count)) }, random)
    const outcomes = simulate(sessions, how === 'shuffled' ? { shuffled: random, copies: 2 } : { copies: 2 })
    for (const { done, receipts } of outcomes) {
      expect(done).toBeDefined()
      expect(receipts).not.toContain('dropped')
    }
    expect(
      makesKey(
        group,
        outcomes.slice(-threshold).map(({ done }) => done as KeyShare),
        outcomes[0]!.done!.record,
      ),
    ).toBe(true)
  })

  test('keeps its own copy of the wallet id', () => {
    const walletId = new Uint8Array(16).fill(9)
    const plan = { group, threshold: 2, parties: newParties([1, 2]), walletId }
    const sessions = keygenSessions(plan, seededRandom())
    walletId.fill(0)
    const [outcome] = simulate(sessions)
    expect(outcome?.done?.record.walletId).toEqual(new Uint8Array(16).fill(9))
  })

  describe('options', () => {
    const valid: KeygenOptions = {
      group,
      walletId: new Uint8Array(16),
      purpose: 'signing',
      threshold: 2,
      parties: newParties([1, 2]),
      self: partyId(1),
      random: () => new Uint8Array(0),
    }
    const party = (id: number, role: string = 'client') => ({ id: id as never, role: role as Role })

    // Attack 16: ids that are zero, equal, or equal modulo the group order, which 1..255 rules out.
    test.each([
      ['a wallet id of another length', { walletId: new Uint8Array(15) }, RangeError],
      ['a wallet id that is no bytes', { walletId: 'id' as never }, TypeError],
      ['another purpose', { purpose: 'other' as Purpose }, TypeError],
      ['an inherited name as a purpose', { purpose: 'toString' as Purpose }, TypeError],
      ['another role', { parties: [party(1, 'other'), party(2)] }, TypeError],
      ['an inherited name as a role', { parties: [party(1, 'constructor'), party(2)] }, TypeError],
      ['threshold 1', { threshold: 1 }, RangeError],
      ['a threshold above n', { threshold: 3 }, RangeError],
      ['a broken threshold', { threshold: 1.5 }, RangeError],
      ['id 0', { parties: [party(0), party(2)] }, RangeError],
      ['id 256', { parties: [party(1), party(256)] }, RangeError],
      ['an id twice', { parties: [party(1), party(1), party(2)] }, RangeError],
      ['ids that do not ascend', { parties: [party(2), party(1)] }, RangeError],
      ['a broken id', { parties: [party(1), party(1.5)] }, RangeError],
      ['a self that is no party', { self: partyId(3) }, RangeError],
    ] as [string, Partial<KeygenOptions>, typeof RangeError][])('refuse %s', (_, change, error) => {
      expect(() => createKeygen({ ...valid, ...change })).toThrow(error)
    })

    test('name a purpose that is none', () => {
      expect(() => createKeygen({ ...valid, purpose: 'toString' as Purpose })).toThrow('unknown purpose toString')
    })
  })
})
