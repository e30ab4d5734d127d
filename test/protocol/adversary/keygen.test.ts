import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import type { Dealing } from '../../../src/protocol/dealing/dealing.ts'
import { concatBytes, fromHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { fixedRandom } from '../../support/fixed-random.ts'
import { groups } from '../../support/groups.ts'
import { type Cheat, cheatInKeygen, dealingOf, victimsConstant } from '../../support/scripted-party.ts'
import { seededRandom } from '../../support/random.ts'
import { flip } from '../../support/simulator.ts'
import { expectAbort, expectDropped } from './expectations.ts'
import { BAD_POINTS, addOrder } from './bad-encodings.ts'

describe.each(groups)('key generation against a cheat on $name', ({ group }) => {
  const attack = (cheat: Cheat, random: RandomSource = seededRandom(), victims = random) =>
    cheatInKeygen(group, random, cheat, victims)
  const pointsEnd = 1 + 2 * group.pointLength

  test('the scripted party is accepted as long as it does not cheat', () => {
    expect(attack({})).toEqual({ error: undefined, sent: [1, 2, 2, 3] })
  })

  test('12: a key chosen after the others’ is not what was committed to', () => {
    const random = seededRandom()
    const { error } = attack({
      decommitment: (own, victims) => {
        const target = group.multiplyBase(group.randomScalar(random))
        const victim = group.decodePoint(victims.subarray(1, 1 + group.pointLength))
        const rogue = group.encodePoint(group.subtractPoints(target, victim))
        return concatBytes(own.subarray(0, 1), rogue, own.subarray(1 + group.pointLength))
      },
    })
    expectAbort(error, 'COMMIT', 2, [2])
  })

  test('12: a committed key without its secret has no proof', () => {
    const random = seededRandom()
    const unknown = group.encodePoint(group.multiplyBase(group.randomScalar(random)))
    const { error } = attack({ dealing: (honest) => ({ ...honest, encoded: honest.encoded.with(0, unknown) }) }, random)
    expectAbort(error, 'POK', 2, [2])
  })

  test('13: a copied commitment cannot be opened', () => {
    const { error } = attack({ commitment: (_, victims) => victims, decommitment: (_, victims) => victims })
    expectAbort(error, 'COMMIT', 2, [2])
  })

  test('13: a commitment is not carried over to another nonce', () => {
    expectAbort(attack({ commitment: (own) => flip(own, 0) }).error, 'COMMIT', 2, [2])
  })

  test('14: the threshold is not lowered', () => {
    const coefficients = [group.randomScalar(seededRandom())]
    const { error } = attack({ dealing: (honest) => dealingOf(group, coefficients, honest) })
    expectAbort(error, 'DEGREE', 2, [2])
  })

  test('14: the threshold is not raised: the opening is longer than any, and dropped', () => {
    const random = seededRandom()
    const coefficients = Array.from({ length: 3 }, () => group.randomScalar(random))
    expectDropped(attack({ dealing: (honest) => dealingOf(group, coefficients, honest) }), 2)
  })

  test.each([
    ['round 1 is short', 1, { commitment: (own: Uint8Array) => own.slice(0, -1) }],
    ['round 1 is empty', 1, { commitment: () => new Uint8Array(0) }],
    ['the decommitment is short', 2, { decommitment: (own: Uint8Array) => own.slice(0, -1) }],
    ['the decommitment is empty', 2, { decommitment: () => new Uint8Array(0) }],
    ['the decommitment counts one point more', 2, { decommitment: (own: Uint8Array) => own.with(0, 3) }],
    ['the decommitment counts none', 2, { decommitment: (own: Uint8Array) => own.with(0, 0) }],
    ['the share is short', 2, { share: (own: Uint8Array) => own.slice(0, -1) }],
    ['the share is empty', 2, { share: () => new Uint8Array(0) }],
  ] as const)('15: lengths are exact: %s', (_, round, cheat) => {
    expectAbort(attack(cheat).error, 'FORMAT', round, [2])
  })

  test.each([
    ['round 1 is long', 1, { commitment: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
    ['the decommitment is long', 2, { decommitment: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
    ['the share is long', 2, { share: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
  ] as const)('15: what is too long is dropped: %s', (_, round, cheat) => {
    expectDropped(attack(cheat), round)
  })

  test('17: a proof of another session does not hold', () => {
    let replayed: Uint8Array | undefined
    let dealt: Dealing | undefined
    const random = seededRandom()
    attack({ dealing: (honest) => (dealt = honest), decommitment: (own) => (replayed = own) }, random)
    const { error } = attack({ dealing: () => dealt as Dealing, decommitment: () => replayed as Uint8Array }, random)
    expectAbort(error, 'POK', 2, [2])
  })

  test.each(BAD_POINTS[group.curve])('25: a commitment to %s is refused', (_, hex) => {
    const bad = fromHex(hex)
    for (const place of [0, 1]) {
      const { error } = attack({ dealing: (honest) => ({ ...honest, encoded: honest.encoded.with(place, bad) }) })
      expectAbort(error, 'POINT', 2, [2])
    }
  })

  test('25: R is compared as bytes', () => {
    for (const [, hex] of BAD_POINTS[group.curve]) {
      const { error } = attack({
        decommitment: (own) =>
          concatBytes(own.subarray(0, pointsEnd), fromHex(hex), own.subarray(pointsEnd + group.pointLength)),
      })
      expectAbort(error, 'POK', 2, [2])
    }
  })

  test('25: scalars are below the order', () => {
    const response = pointsEnd + group.pointLength
    const { error } = attack({
      decommitment: (own) =>
        concatBytes(
          own.subarray(0, response),
          addOrder(group, own.subarray(response, response + 32)),
          own.subarray(response + 32),
        ),
    })
    expectAbort(error, 'FORMAT', 2, [2])
    expectAbort(attack({ share: (own) => addOrder(group, own) }).error, 'FORMAT', 2, [2])
  })

  test('a share off the committed polynomial', () => {
    const off = (own: Uint8Array) => group.add(own as Scalar, group.scalar(1))
    expectAbort(attack({ share: off }).error, 'FELDMAN', 2, [2])
  })

  test('a chain-code part or blinding other than the committed one', () => {
    expectAbort(attack({ decommitment: (own) => flip(own, -40) }).error, 'COMMIT', 2, [2])
    expectAbort(attack({ decommitment: (own) => flip(own, -1) }).error, 'COMMIT', 2, [2])
  })

  test('a stolen constant, dealt as its negative with valid proofs, leaves no key', () => {
    const random = seededRandom()
    const stolen = victimsConstant(group, fixedRandom('victim'))
    const coefficients = [group.negate(stolen), group.randomScalar(random)]
    const { error } = attack(
      { dealing: (honest) => dealingOf(group, coefficients, honest) },
      random,
      fixedRandom('victim'),
    )
    expectAbort(error, 'PKSUM', 2, [])
  })
})
