import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import type { Dealing } from '../../../src/protocol/dealing/dealing.ts'
import { shamirToAdditive } from '../../../src/secret-sharing/additive.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { concatBytes, fromHex } from '../../../src/util/bytes.ts'
import { groups } from '../../support/groups.ts'
import { type Cheat, cheatInReshare, dealingOf } from '../../support/scripted-party.ts'
import { seededRandom } from '../../support/random.ts'
import { generate, PAIR, reshareSessions } from '../../support/sets.ts'
import { flip, simulate } from '../../support/simulator.ts'
import { expectAbort, expectDropped } from './expectations.ts'
import { BAD_POINTS, addOrder } from './bad-encodings.ts'

describe.each(groups)('reshare against a cheat on $name', ({ group }) => {
  const setup = () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const [, { id, secretShare }] = shares as [KeyShare, KeyShare]
    const ids = PAIR.map(({ dealer }) => dealer!)
    return { random, shares, constant: shamirToAdditive(group, { id, value: secretShare }, ids) }
  }
  const attack = (cheat: Cheat, choose: (honest: Scalar) => Scalar = (honest) => honest) => {
    const { random, shares, constant } = setup()
    return cheatInReshare(group, random, shares, choose(constant), cheat)
  }

  test('the scripted party is accepted as long as it does not cheat', () => {
    expect(attack({})).toEqual({ error: undefined, sent: [1, 2, 3, 4] })
  })

  // Attack 24 on the way: whatever fails before the proofs hold, no share (round 3) has left the victim.
  const NOTHING_SHARED = [1, 2]

  test('23: another constant, well committed to and proven', () => {
    const { error, sent } = attack({}, (honest) => group.add(honest, group.scalar(1)))
    expectAbort(error, 'PIN', 2, [2])
    expect(sent).toEqual(NOTHING_SHARED)
  })

  test('23: the old share without its Lagrange weight', () => {
    const { error } = attack({}, (honest) => group.negate(honest))
    expectAbort(error, 'PIN', 2, [2])
  })

  test('23: zero', () => {
    const { error } = attack({
      dealing: (honest) => ({ ...honest, encoded: honest.encoded.with(0, new Uint8Array(group.pointLength)) }),
    })
    expectAbort(error, 'PIN', 2, [2])
  })

  test('24: a device without the old share gets nothing', () => {
    // It knows the public record, so it can show the right constant term; it cannot prove that it knows its secret.
    const { random, shares, constant } = setup()
    const pinned = group.encodePoint(group.multiplyBase(constant))
    const { error, sent } = cheatInReshare(group, random, shares, group.randomScalar(random), {
      dealing: (honest) => ({ ...honest, encoded: honest.encoded.with(0, pinned) }),
    })
    expectAbort(error, 'POK', 2, [2])
    expect(sent).toEqual(NOTHING_SHARED)
  })

  test('24: a recorded opening of the true device is of no use in another session', () => {
    const { random, shares, constant } = setup()
    const recorded: { dealing?: Dealing; decommitment?: Uint8Array } = {}
    cheatInReshare(group, random, shares, constant, {
      dealing: (dealing) => (recorded.dealing = dealing),
      decommitment: (decommitment) => (recorded.decommitment = decommitment),
    })
    const { error, sent } = cheatInReshare(group, random, shares, constant, {
      dealing: () => recorded.dealing as Dealing,
      decommitment: () => recorded.decommitment as Uint8Array,
    })
    expectAbort(error, 'POK', 2, [2])
    expect(sent).toEqual(NOTHING_SHARED)
  })

  test('24: shares that come early do not make the victim send its own', () => {
    const { error, sent } = attack({ decommitment: (own) => flip(own, group.curve === 'ed25519' ? -64 : -33) })
    expectAbort(error, 'POK', 2, [2])
    expect(sent).toEqual(NOTHING_SHARED)
  })

  test('13: an opening other than the commitment', () => {
    expectAbort(attack({ decommitment: (own) => flip(own, -1) }).error, 'COMMIT', 2, [2])
    expectAbort(
      attack({ commitment: (_, victims) => victims, decommitment: (_, victims) => victims }).error,
      'COMMIT',
      2,
      [2],
    )
  })

  test('14: a polynomial with 1 coefficient', () => {
    const { error } = attack({ dealing: (honest) => dealingOf(group, honest.coefficients.slice(0, 1), honest) })
    expectAbort(error, 'DEGREE', 2, [2])
  })

  test('14: a polynomial with 3 coefficients is longer than any, and dropped', () => {
    const more = group.randomScalar(seededRandom('coefficients'))
    expectDropped(attack({ dealing: (honest) => dealingOf(group, [...honest.coefficients, more], honest) }), 2)
  })

  test.each([
    ['round 1 is short', 1, { commitment: (own: Uint8Array) => own.slice(0, 32) }],
    ['the decommitment is short', 2, { decommitment: (own: Uint8Array) => own.slice(0, -1) }],
    ['the decommitment is empty', 2, { decommitment: () => new Uint8Array(0) }],
    ['the share is short', 3, { share: (own: Uint8Array) => own.slice(0, -1) }],
    ['the share is empty', 3, { share: () => new Uint8Array(0) }],
  ] as const)('15: lengths are exact: %s', (_, round, cheat) => {
    expectAbort(attack(cheat).error, 'FORMAT', round, [2])
  })

  test.each([
    ['round 1 is long', 1, { commitment: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
    ['the decommitment is long', 2, { decommitment: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
  ] as const)('15: what is too long is dropped: %s', (_, round, cheat) => {
    expectDropped(attack(cheat), round)
  })

  test.each(BAD_POINTS[group.curve])('25: a commitment to %s is refused', (_, hex) => {
    const { error, sent } = attack({
      dealing: (honest) => ({ ...honest, encoded: honest.encoded.with(1, fromHex(hex)) }),
    })
    expectAbort(error, 'POINT', 2, [2])
    expect(sent).toEqual(NOTHING_SHARED)
  })

  test('25: a share is below the order', () => {
    expectAbort(attack({ share: (own) => addOrder(group, own) }).error, 'FORMAT', 3, [2])
  })

  test('a share off the committed polynomial', () => {
    const off = (own: Uint8Array) => group.add(own as Scalar, group.scalar(1))
    expectAbort(attack({ share: off }).error, 'FELDMAN', 3, [2])
  })

  test('23: a record whose shares are not those of its key', () => {
    const { random, shares } = setup()
    const [first] = shares as [KeyShare]
    const record = { ...first.record, publicKey: group.addPoints(first.record.publicKey, group.generator) }
    const forged = shares.map((share) => ({ ...share, record }))
    const outcomes = simulate(reshareSessions({ group, shares: forged, participants: PAIR, threshold: 2 }, random))
    for (const { error } of outcomes) expectAbort(error, 'PKSUM', 2, [])
  })
})
