import { describe, expect, test } from 'vitest'
import { decodeEnvelope, encodeEnvelope, type Envelope } from '../../src/protocol/session/envelope.ts'
import {
  createReshare,
  type ReshareOptions,
  type ReshareParticipant,
  type ReshareResult,
} from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import { createHasher } from '../../src/protocol/transcript/transcript.ts'
import { encodeShareSetRecord, type KeyShare, validateKeyShare } from '../../src/key-share/index.ts'
import { partyId, type Purpose } from '../../src/types.ts'
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
    expect(record.parties.map(({ id }) => id)).toEqual(fresh.map(({ id }) => id).sort((a, b) => a - b))
    expect(record).toMatchObject({ curve: group.curve, walletId: old.walletId, purpose: 'backup', threshold })
    expect(record.chainCode).toEqual(old.chainCode)
    expect(record.setId).not.toEqual(old.setId)
    expect(group.equalPoints(record.publicKey, old.publicKey)).toBe(true)
  })

  test('the set’s id is the hash of what was agreed on and of the transcript', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const sent: Envelope[] = []
    const [outcome] = simulate(reshareSessions({ group, shares, participants: PAIR, threshold: 2 }, random), {
      intercept: (packet) => {
        sent.push(decodeEnvelope(packet.bytes))
        return [packet]
      },
    })
    const context = sent.find(({ round }) => round === 1)!.sid
    const transcript = sent.find(({ round }) => round === 4)!.body.slice(0, 32)
    expect(outcome?.done?.record.setId).toEqual(createHasher(group.curve, 'reshare')('set', context, transcript))
  })

  test.each([
    ['a nonce of a mere receiver that is short', 3, (body: Uint8Array) => body.slice(1)],
    ['a dealer’s nonce without a commitment', 2, (body: Uint8Array) => body.slice(0, 32)],
  ] as const)('%s ends the session before anything is opened', (_, sender, change) => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const participants = [...lineUp([1, 2], [1]), ...lineUp([], [2])]
    const sessions = reshareSessions({ group, shares, participants, threshold: 2 }, random)
    const [victim, ...others] = sessions as [Session<ReshareResult>, ...Session<ReshareResult>[]]
    victim.start()
    for (const [i, other] of others.entries()) {
      const { body, ...header } = decodeEnvelope(other.start().out[0] as Uint8Array)
      victim.receive(encodeEnvelope({ ...header, body: i + 2 === sender ? change(body) : body }))
    }
    expect(() => victim.advance()).toThrow(
      expect.objectContaining({ reason: 'FORMAT', round: 1, blame: [sender] }) as Error,
    )
  })

  test('a nonce of a mere receiver that is long is dropped: it may not be what a dealer sends', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const participants = [...lineUp([1, 2], [1]), ...lineUp([], [2])]
    const [victim, , receiver] = reshareSessions({ group, shares, participants, threshold: 2 }, random)
    victim!.start()
    const { body, ...header } = decodeEnvelope(receiver!.start().out[0] as Uint8Array)
    expect(victim!.receive(encodeEnvelope({ ...header, body: Uint8Array.of(...body, 0) }))).toBe('dropped')
    expect(victim!.receive(encodeEnvelope({ ...header, body }))).toBe('accepted')
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
})
