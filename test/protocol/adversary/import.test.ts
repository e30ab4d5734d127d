import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import type { Dealing } from '../../../src/protocol/dealing/dealing.ts'
import { concatBytes, fromHex } from '../../../src/util/bytes.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { cheatInImport, type ImportCheat } from '../../support/scripted-import.ts'
import { flip } from '../../support/simulator.ts'
import { addOrder, BAD_POINTS } from './bad-encodings.ts'
import { expectAbort, expectDropped } from './expectations.ts'

describe.each(groups)('import against a cheat on $name', ({ group }) => {
  const random = seededRandom()
  const secret = group.randomScalar(random)
  const attack = (as: 1 | 2, cheat: ImportCheat) => cheatInImport(group, secret, random, { as, ...cheat })
  const committed = (coefficients: readonly Scalar[]) => (honest: Dealing) => {
    const commitment = group.multiplyBaseBatch(coefficients)
    return { ...honest, coefficients, commitment, encoded: group.encodePoints(commitment) }
  }
  const scalar = () => group.randomScalar(random)

  test('the scripted parties are accepted as long as they do not cheat', () => {
    expect(attack(1, {})).toEqual({ error: undefined, sent: [1, 2, 2, 3] })
    expect(attack(2, {})).toEqual({ error: undefined, sent: [1, 2, 2, 3] })
  })

  test('a dealer that deals another key than it pins', () => {
    expectAbort(attack(1, { dealing: committed([scalar(), scalar()]) }).error, 'PIN', 2, [1])
    expectAbort(attack(1, { dealing: committed([group.negate(secret), scalar()]) }).error, 'PIN', 2, [1])
  })

  test('a dealer that pins a key that it does not know', () => {
    const encoded = group.encodePoint(group.multiplyBase(secret))
    const cheat = (honest: Dealing) => ({
      ...committed([scalar(), scalar()])(honest),
      encoded: [encoded, honest.encoded[1]!],
    })
    expectAbort(attack(1, { dealing: cheat }).error, 'POK', 2, [1])
  })

  test('a server that deals a constant of its own would need a longer opening, which is dropped', () => {
    expectDropped(attack(2, { dealing: committed([scalar(), scalar()]) }), 2)
  })

  test('a server that chooses its mask after the dealer’s', () => {
    const { error } = attack(2, {
      opening: (own, dealers) => {
        const slope = group.decodePoint(dealers.subarray(1 + group.pointLength, 1 + 2 * group.pointLength))
        const rogue = group.encodePoint(group.negatePoint(slope))
        return concatBytes(own.subarray(0, 1), rogue, own.subarray(1 + group.pointLength))
      },
    })
    expectAbort(error, 'COMMIT', 2, [2])
  })

  test('a server that commits to a mask that it does not know', () => {
    const unknown = group.encodePoint(group.multiplyBase(scalar()))
    expectAbort(attack(2, { dealing: (honest) => ({ ...honest, encoded: [unknown] }) }).error, 'POK', 2, [2])
  })

  test.each([1, 2] as const)('participant %i sends a share off its polynomial', (as) => {
    const share = (own: Scalar) => group.add(own, group.scalar(1))
    expectAbort(attack(as, { share }).error, 'FELDMAN', 2, [as])
  })

  test('a share that does not open, or was sealed for another session', () => {
    for (const at of [0, 40, -1]) expectAbort(attack(1, { parcel: (own) => flip(own, at) }).error, 'FORMAT', 2, [1])
    let other: Uint8Array | undefined
    attack(1, { parcel: (own) => (other = own) })
    expectAbort(attack(1, { parcel: () => other! }).error, 'FORMAT', 2, [1])
    expectAbort(attack(1, { parcel: (own) => own.slice(1) }).error, 'FORMAT', 2, [1])
    expectDropped(attack(1, { parcel: (own) => concatBytes(own, Uint8Array.of(0)) }), 2)
  })

  test('shares are below the order, also where they are sealed', () => {
    expectAbort(attack(1, { share: (own) => addOrder(group, own) as Scalar }).error, 'FORMAT', 2, [1])
    expectAbort(attack(2, { share: (own) => addOrder(group, own) as Scalar }).error, 'FORMAT', 2, [2])
  })

  test.each([
    ['zero', new Uint8Array(32)],
    ['one', Uint8Array.of(1, ...new Uint8Array(31))],
  ])('a server with a seal key of small order: %s', (_, key) => {
    expectAbort(attack(2, { commitment: (own) => concatBytes(own.subarray(0, 64), key) }).error, 'FORMAT', 1, [2])
  })

  test.each(BAD_POINTS[group.curve])('a commitment to %s is refused', (_, hex) => {
    const bad = fromHex(hex)
    const spoilt = (place: number) => (honest: Dealing) => ({ ...honest, encoded: honest.encoded.with(place, bad) })
    expectAbort(attack(1, { dealing: spoilt(0) }).error, 'PIN', 2, [1])
    expectAbort(attack(1, { dealing: spoilt(1) }).error, 'POINT', 2, [1])
    expectAbort(attack(2, { dealing: spoilt(0) }).error, 'POINT', 2, [2])
  })

  test.each([
    ['round 1 is short', 1, { commitment: (own: Uint8Array) => own.slice(0, -1) }],
    ['the opening is short', 2, { opening: (own: Uint8Array) => own.slice(0, -1) }],
    ['the opening counts one point less', 2, { opening: (own: Uint8Array) => own.with(0, own[0]! - 1) }],
    ['the share is empty', 2, { parcel: () => new Uint8Array(0) }],
  ] as const)('lengths are exact: %s', (_, round, cheat) => {
    for (const as of [1, 2] as const) expectAbort(attack(as, cheat).error, 'FORMAT', round, [as])
  })

  test('a degree other than agreed on', () => {
    expectAbort(attack(1, { dealing: committed([secret]) }).error, 'DEGREE', 2, [1])
  })

  test('what was opened is what was committed to', () => {
    for (const as of [1, 2] as const) {
      expectAbort(attack(as, { commitment: (own) => flip(own, 40) }).error, 'COMMIT', 2, [as])
      expectAbort(attack(as, { opening: (own) => flip(own, -40) }).error, 'COMMIT', 2, [as])
    }
  })

  test('a replayed opening proves nothing', () => {
    let replayed: Uint8Array | undefined
    let dealt: Dealing | undefined
    attack(1, { dealing: (honest) => (dealt = honest), opening: (own) => (replayed = own) })
    expectAbort(attack(1, { dealing: () => dealt!, opening: () => replayed! }).error, 'POK', 2, [1])
  })
})
