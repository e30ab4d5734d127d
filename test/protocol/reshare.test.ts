import { describe, expect, test } from 'vitest'
import { decodeEnvelope } from '../../src/protocol/envelope.ts'
import {
  createReshare,
  type ReshareOptions,
  type ReshareParticipant,
  type ReshareResult,
} from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session.ts'
import { encodeShareSetRecord, type KeyShare, validateKeyShare } from '../../src/share/index.ts'
import { partyId, type Purpose, type Role } from '../../src/types.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { generate, keyOf, makesKey, newParties, PAIR, reshare, reshareSessions, subsets } from '../support/sets.ts'
import { simulate } from '../support/simulator.ts'

/** Participants that deal with old ids and receive new ids, side by side from the first. */
function lineUp(dealers: readonly number[], receivers: readonly number[]): ReshareParticipant[] {
  const parties = newParties(receivers)
  return Array.from({ length: Math.max(dealers.length, receivers.length) }, (_, i) => ({
    ...(dealers[i] === undefined ? {} : { dealer: partyId(dealers[i]) }),
    ...(parties[i] === undefined ? {} : { receiver: parties[i] }),
  }))
}

describe.each(groups)('reshare on $name', ({ group }) => {
  test.each([
    ['the wallet: two machines', [2, 2], PAIR, 2],
    ['two receivers more', [2, 2], lineUp([1, 2], [1, 2, 3, 4]), 3],
    ['fewer parties, a lower threshold', [3, 5], lineUp([1, 2, 3, 4, 5], [1, 2]), 2],
    ['dealers that are not the first', [2, 4], lineUp([4, 2], [1, 2, 3]), 2],
    ['more dealers than needed', [2, 3], lineUp([1, 2, 3], [1, 2, 3]), 3],
    ['nobody on both sides', [2, 2], [...lineUp([1, 2], []), ...lineUp([], [5, 9, 200])], 2],
    ['machines that change their ids', [3, 3], lineUp([3, 1, 2], [2, 3, 1]), 3],
    ['5 of 7', [2, 3], lineUp([1, 3], [1, 2, 3, 4, 5, 6, 7]), 5],
    ['from 5 of 7', [5, 7], lineUp([7, 1, 5, 2, 6], [1, 2, 3]), 2],
  ] as const)('%s', (_, [oldThreshold, oldCount], participants, threshold) => {
    const random = seededRandom()
    const shares = generate(group, oldThreshold, oldCount, random)
    const { record: old } = shares[0] as KeyShare
    const outcomes = simulate(reshareSessions({ group, shares, participants, threshold }, random))
    const records = outcomes.map(({ done }) => encodeShareSetRecord(group, (done as ReshareResult).record))
    for (const record of records) expect(record).toEqual(records[0])
    const fresh = outcomes.flatMap(({ done }) => (done?.share === undefined ? [] : [done.share]))
    expect(fresh.map(({ id }) => id)).toEqual(participants.flatMap(({ receiver }) => (receiver ? [receiver.id] : [])))
    for (const share of fresh) validateKeyShare(group, share)
    for (const quorum of subsets(fresh, threshold)) {
      expect(keyOf(group, quorum)).toEqual(keyOf(group, shares.slice(0, oldThreshold)))
    }
    const { record } = fresh[0] as KeyShare
    expect(record).toMatchObject({ curve: group.curve, walletId: old.walletId, purpose: 'backup', threshold })
    expect(record.chainCode).toEqual(old.chainCode)
    expect(record.setId).not.toEqual(old.setId)
    expect(group.equalPoints(record.publicKey, old.publicKey)).toBe(true)
  })

  test('a receiver is prepared with round 4, a mere dealer never', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const participants = [...lineUp([1, 2], [1]), ...lineUp([], [2])]
    const outcomes = simulate(reshareSessions({ group, shares, participants, threshold: 2 }, random))
    expect(outcomes.map(({ prepared }) => prepared !== undefined)).toEqual([true, false, true])
    expect(outcomes.map(({ done }) => done?.share !== undefined)).toEqual([true, false, true])
  })

  test('two machines need client 1 → server 1+2 → client 2+3 → server 3+4 → client 4', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const [client, server] = reshareSessions({ group, shares, participants: PAIR, threshold: 2 }, random) as [
      Session<ReshareResult>,
      Session<ReshareResult>,
    ]
    const rounds = (out: readonly Uint8Array[]) => out.map((bytes) => decodeEnvelope(bytes).round)
    const deliver = (to: Session<ReshareResult>, out: readonly Uint8Array[]) => {
      for (const bytes of out) expect(to.receive(bytes)).toBe('accepted')
      return to.advance()
    }

    const first = client.start()
    expect(rounds(first.out)).toEqual([1])
    const opened = server.start()
    const second = deliver(server, first.out)
    expect(rounds([...opened.out, ...second.out])).toEqual([1, 2])
    const third = deliver(client, [...opened.out, ...second.out])
    expect(rounds(third.out)).toEqual([2, 3])
    expect(third.prepared).toBeUndefined()
    const fourth = deliver(server, third.out)
    expect(rounds(fourth.out)).toEqual([3, 4])
    expect(fourth.prepared).toBeDefined()
    expect(fourth.done).toBeUndefined()
    const fifth = deliver(client, fourth.out)
    expect(rounds(fifth.out)).toEqual([4])
    expect(fifth.prepared).toBe(fifth.done)
    const last = deliver(server, fifth.out)
    expect(last.out).toEqual([])
    expect(last.done).toEqual(fourth.prepared)
  })

  test('the wallet’s life: every set makes the key, no two sets mix', () => {
    const random = seededRandom()
    const signing = generate(group, 2, 2, random)
    const { record } = signing[0] as KeyShare
    const next = (shares: KeyShare[], purpose: Purpose) =>
      reshare({ group, shares, participants: PAIR, threshold: 2, purpose }, random)
    const backup = next(signing, 'backup')
    const recovered = next(backup, 'signing')
    const refreshed = next(recovered, 'signing')
    const rotated = next(backup, 'backup')
    const sets = [signing, backup, recovered, refreshed, rotated]
    for (const set of sets) expect(makesKey(group, set, record)).toBe(true)
    for (const [a, b] of subsets(sets, 2) as [KeyShare[], KeyShare[]][]) {
      expect(makesKey(group, [a[0]!, b[1]!], record)).toBe(false)
      expect(makesKey(group, [b[0]!, a[1]!], record)).toBe(false)
    }
    expect(new Set(sets.map((set) => set[0]!.record.setId.join())).size).toBe(sets.length)
  })

  test('a chain of reshares through growing and shrinking sets keeps the key', () => {
    const random = seededRandom()
    const first = generate(group, 2, 2, random)
    const key = keyOf(group, first)
    const chain = [
      { dealers: [1, 2], receivers: [1, 2, 3], threshold: 2 },
      { dealers: [1, 3], receivers: [1, 2, 3, 4, 5], threshold: 3 },
      { dealers: [5, 2, 4], receivers: [10, 20, 30], threshold: 3 },
      { dealers: [10, 20, 30], receivers: [1, 2], threshold: 2 },
    ]
    const last = chain.reduce(
      (shares, { dealers, receivers, threshold }) =>
        reshare({ group, shares, participants: lineUp(dealers, receivers), threshold }, random),
      first,
    )
    expect(keyOf(group, last)).toEqual(key)
  })

  test.each([2, 4])('a network with shuffled and doubled packets changes nothing for %i machines', (count) => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const participants = lineUp(
      [1, 2],
      Array.from({ length: count }, (_, i) => i + 1),
    )
    const sessions = reshareSessions({ group, shares, participants, threshold: 2 }, random)
    const outcomes = simulate(sessions, { shuffled: random, copies: 2 })
    for (const { done, receipts } of outcomes) {
      expect(done).toBeDefined()
      expect(receipts).not.toContain('dropped')
    }
  })

  // Attacks 9, 27 and 29: other sets, other purposes and other flags are other contexts, so nothing is even read.
  test.each([
    ['another old set', (plan: ReshareOptions, other: KeyShare) => ({ ...plan, old: other.record, share: other })],
    ['another purpose', (plan: ReshareOptions) => ({ ...plan, purpose: 'signing' })],
    ['other flags', (plan: ReshareOptions) => ({ ...plan, flags: 1 })],
    [
      'other roles',
      (plan: ReshareOptions) => ({
        ...plan,
        participants: plan.participants.map(({ dealer, receiver }) => ({
          ...(dealer && { dealer }),
          receiver: { ...receiver!, role: 'custodian' },
        })),
      }),
    ],
  ] as [string, (plan: ReshareOptions, other: KeyShare) => ReshareOptions][])(
    'participants that disagree on %s drop each other’s messages',
    (_, change) => {
      const random = seededRandom()
      const shares = generate(group, 2, 2, random)
      const sibling = reshare({ group, shares, participants: PAIR, threshold: 2, purpose: 'signing' }, random)
      const plan = (self: 1 | 2): ReshareOptions => ({
        group,
        old: shares[0]!.record,
        purpose: 'backup',
        threshold: 2,
        participants: PAIR,
        self,
        share: shares[self - 1]!,
        random,
      })
      const client = createReshare(plan(1))
      const server = createReshare(change(plan(2), sibling[1]!))
      client.start()
      const [message] = server.start().out as [Uint8Array]
      expect(client.receive(message)).toBe('dropped')
      expect(client.advance().out).toEqual([])
    },
  )

  describe('options', () => {
    const shares = generate(group, 2, 2, (length) => new Uint8Array(length).fill(length === 16 ? 1 : 3))
    const valid: ReshareOptions = {
      group,
      old: shares[0]!.record,
      purpose: 'backup',
      threshold: 2,
      participants: PAIR,
      self: 1,
      share: shares[0]!,
      random: () => new Uint8Array(0),
    }
    const [first, second] = PAIR as [ReshareParticipant, ReshareParticipant]
    const other = groups.find((one) => one.group.curve !== group.curve)!.group
    const receiver = (id: number) => ({ receiver: { id: id as never, role: 'client' as Role } })

    test.each([
      ['a group of another curve', { group: other }, RangeError],
      ['another purpose', { purpose: 'other' as Purpose }, TypeError],
      ['negative flags', { flags: -1 }, RangeError],
      ['flags above 32 bits', { flags: 2 ** 32 }, RangeError],
      ['threshold 1', { threshold: 1 }, RangeError],
      ['a threshold above n', { threshold: 3 }, RangeError],
      ['too few dealers', { participants: [first, receiver(2)] }, RangeError],
      ['a dealer twice', { participants: [first, second, { dealer: first.dealer! }] }, RangeError],
      ['a dealer that the old set lacks', { participants: [first, second, { dealer: partyId(3) }] }, RangeError],
      ['a receiver twice', { participants: [first, second, receiver(2)] }, RangeError],
      ['receiver 0', { participants: [first, second, receiver(0)] }, RangeError],
      ['a participant without a part', { participants: [first, second, {}] }, TypeError],
      [
        'an unknown role',
        { participants: [first, { ...second, receiver: { id: partyId(2), role: 'x' as Role } }] },
        TypeError,
      ],
      ['a self that does not take part', { self: 3 }, RangeError],
      ['self 0', { self: 0 }, RangeError],
      ['a dealer without its share', { share: undefined }, TypeError],
      ['a share of another party', { share: shares[1]! }, RangeError],
      ['a share that nobody deals', { participants: [first, second, receiver(3)], self: 3 }, TypeError],
    ] as [string, Partial<ReshareOptions>, typeof RangeError][])('refuse %s', (_, change, error) => {
      expect(() => createReshare({ ...valid, ...change })).toThrow(error)
    })

    test('refuse the share of another set', () => {
      const random = seededRandom()
      const elsewhere = generate(group, 2, 2, random)
      expect(() => createReshare({ ...valid, share: elsewhere[0]! })).toThrow(RangeError)
    })
  })
})
