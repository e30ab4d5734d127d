import { describe, expect, test } from 'vitest'
import { createReshare, type ReshareOptions, type ReshareParticipant } from '../../src/protocol/reshare/index.ts'
import { partyId, type PartyId, type Purpose, type Role } from '../../src/types.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { generate, PAIR, reshareSessions } from '../support/sets.ts'
import { simulate } from '../support/simulator.ts'

describe.each(groups)('reshare on $name', ({ group }) => {
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

    const nobody = { participants: [first, second, receiver(3)], self: 3 }
    const many = (count: number) => [
      first,
      ...Array.from({ length: count - 2 }, (_, i) => receiver(i + 2)),
      { dealer: second.dealer! },
    ]

    test.each([
      ['a group of another curve', { group: other }, RangeError, 'cannot be dealt on'],
      ['another purpose', { purpose: 'other' as Purpose }, TypeError, 'unknown purpose'],
      ['negative flags', { flags: -1 }, RangeError, 'flags'],
      ['broken flags', { flags: 0.5 }, RangeError, 'flags'],
      ['flags above 32 bits', { flags: 2 ** 32 }, RangeError, 'flags'],
      ['threshold 1', { threshold: 1 }, RangeError, 'threshold'],
      ['a threshold above n', { threshold: 3 }, RangeError, 'threshold'],
      ['too few dealers', { participants: [first, receiver(2)] }, RangeError, 'do not meet threshold'],
      ['a dealer twice', { participants: [first, second, { dealer: first.dealer! }] }, RangeError, 'twice'],
      ['a strange dealer', { participants: [first, second, { dealer: partyId(3) }] }, RangeError, 'has no party 3'],
      ['a receiver twice', { participants: [first, second, receiver(2)] }, RangeError, 'twice'],
      ['receiver 0', { participants: [first, second, receiver(0)] }, RangeError, 'must be 1..255'],
      ['a participant without a part', { participants: [first, second, {}] }, TypeError, 'deals, receives'],
      [
        'an unknown role',
        { participants: [first, { ...second, receiver: { id: partyId(2), role: 'x' as Role } }] },
        TypeError,
        'unknown role',
      ],
      ['256 participants', { participants: many(256) }, RangeError, 'at most 255'],
      ['a self that does not take part', { self: 3 }, RangeError, 'participant 3'],
      ['self 0', { self: 0 }, RangeError, 'participant 0'],
      ['a dealer without its share', { share: undefined }, TypeError, 'brings its share'],
      ['a share of another party', { share: shares[1]! }, RangeError, 'not the one'],
      ['a share that nobody deals', nobody, TypeError, 'brings its share'],
    ] as [string, Partial<ReshareOptions>, typeof RangeError, string][])('refuse %s', (_, change, error, words) => {
      const create = () => createReshare({ ...valid, ...change })
      expect(create).toThrow(error)
      expect(create).toThrow(words)
    })

    test('take 255 participants, and every flag', () => {
      const random = seededRandom()
      expect(() => createReshare({ ...valid, participants: many(255), flags: 0xffffffff, random })).not.toThrow()
    })

    test('are copied', () => {
      const random = seededRandom()
      const roles: { id: PartyId; role: Role }[] = [1, 2].map((id) => ({ id: partyId(id), role: 'server' }))
      const participants = roles.map((one) => ({ dealer: one.id, receiver: one }))
      const dealt = generate(group, 2, 2, random)
      const sessions = reshareSessions({ group, shares: dealt, participants, threshold: 2 }, random)
      for (const one of roles) one.role = 'client'
      const [outcome] = simulate(sessions)
      expect(outcome?.done?.record.parties.map(({ role }) => role)).toEqual(['server', 'server'])
    })

    test('refuse the share of another set', () => {
      const random = seededRandom()
      const elsewhere = generate(group, 2, 2, random)
      expect(() => createReshare({ ...valid, share: elsewhere[0]! })).toThrow('not the one')
    })
  })
})
