import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../src/curve/group.ts'
import { type AbortReason, ProtocolError } from '../../src/errors.ts'
import type { Dealing } from '../../src/protocol/dealing/dealing.ts'
import { decodeEnvelope } from '../../src/protocol/session/envelope.ts'
import { shamirToAdditive } from '../../src/secret-sharing/additive.ts'
import type { KeyShare } from '../../src/key-share/index.ts'
import { concatBytes, fromHex } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { fixedRandom } from '../support/fixed-random.ts'
import { groups } from '../support/groups.ts'
import {
  type Cheat,
  cheatInKeygen,
  cheatInReshare,
  dealingOf,
  type Verdict,
  victimsConstant,
} from '../support/puppet.ts'
import { seededRandom } from '../support/random.ts'
import { generate, keygenSessions, newParties, PAIR, reshareSessions } from '../support/sets.ts'
import { flip, type Network, type Packet, rewrite, simulate } from '../support/simulator.ts'

// The numbers are those of the attack list in docs/security.md.

function expectAbort(error: unknown, reason: AbortReason, round: number, blame: readonly number[]): void {
  expect(error).toBeInstanceOf(ProtocolError)
  const { code, ban, retryable } = error as ProtocolError
  expect({ ...(error as ProtocolError), code, ban, retryable }).toMatchObject({
    code: 'PROTOCOL_ABORTED',
    reason,
    round,
    blame,
    ban: false,
    retryable: false,
  })
}

/** A message of this round was too long, and had no effect: the victim neither failed nor said anything more. */
function expectDropped({ error, sent }: Verdict, round: number): void {
  expect(error).toBeUndefined()
  expect(sent).toContain(1)
  expect(sent.filter((one) => one > round)).toEqual([])
}

/** Encodings that are 32 or 33 bytes and no points of the prime-order subgroup, with the identity among them. */
const BAD_POINTS: Record<Group['curve'], readonly (readonly [string, string])[]> = {
  secp256k1: [
    ['the identity', '00'.repeat(33)],
    ['another prefix', `04${'11'.repeat(32)}`],
    ['x ≥ p', `02${'ff'.repeat(32)}`],
    ['x without a y', `02${'00'.repeat(31)}05`],
  ],
  ed25519: [
    // The eight torsion points, RFC 8032 encodings (Chalkias, Garillot, Nikolaenko, Taming the many EdDSAs, table 1).
    ['the identity', `01${'00'.repeat(31)}`],
    ['order 2', `ec${'ff'.repeat(30)}7f`],
    ['order 4', '00'.repeat(32)],
    ['order 4, other sign', `${'00'.repeat(31)}80`],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['order 8, other sign', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['order 8, other y', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['order 8, other y and sign', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['y ≥ p', `ed${'ff'.repeat(30)}7f`],
    ['y without an x', `02${'00'.repeat(31)}`],
  ],
}

const ORDERS: Record<Group['curve'], string> = {
  secp256k1: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
  ed25519: 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
}

/** The order of the group added to a scalar, where that fits 32 bytes, else the order itself: not canonical. */
function addOrder(group: Group, scalar: Uint8Array): Uint8Array {
  const order = fromHex(ORDERS[group.curve])
  if (group.curve === 'secp256k1') return order
  let carry = 0
  return scalar.map((byte, i) => {
    carry = (carry >> 8) + byte + (order[i] as number)
    return carry & 0xff
  })
}

describe.each(groups)('key generation against a cheat on $name', ({ group }) => {
  const attack = (cheat: Cheat, random: RandomSource = seededRandom(), victims = random) =>
    cheatInKeygen(group, random, cheat, victims)
  const pointsEnd = 1 + 2 * group.pointLength

  test('the puppet is accepted as long as it does not cheat', () => {
    expect(attack({})).toEqual({ error: undefined, sent: [1, 2, 2, 3] })
  })

  test('12: a key chosen after the others’ is not what was committed to', () => {
    const random = seededRandom()
    const { error } = attack({
      opening: (own, victims) => {
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
    const { error } = attack({ commitment: (_, victims) => victims, opening: (_, victims) => victims })
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
    ['the opening is short', 2, { opening: (own: Uint8Array) => own.slice(0, -1) }],
    ['the opening is empty', 2, { opening: () => new Uint8Array(0) }],
    ['the opening counts one point more', 2, { opening: (own: Uint8Array) => own.with(0, 3) }],
    ['the opening counts none', 2, { opening: (own: Uint8Array) => own.with(0, 0) }],
    ['the share is short', 2, { share: (own: Uint8Array) => own.slice(0, -1) }],
    ['the share is empty', 2, { share: () => new Uint8Array(0) }],
  ] as const)('15: lengths are exact: %s', (_, round, cheat) => {
    expectAbort(attack(cheat).error, 'FORMAT', round, [2])
  })

  test.each([
    ['round 1 is long', 1, { commitment: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
    ['the opening is long', 2, { opening: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
    ['the share is long', 2, { share: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
  ] as const)('15: what is too long is dropped: %s', (_, round, cheat) => {
    expectDropped(attack(cheat), round)
  })

  test('17: a proof of another session does not hold', () => {
    let replayed: Uint8Array | undefined
    let dealt: Dealing | undefined
    const random = seededRandom()
    attack({ dealing: (honest) => (dealt = honest), opening: (own) => (replayed = own) }, random)
    const { error } = attack({ dealing: () => dealt as Dealing, opening: () => replayed as Uint8Array }, random)
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
        opening: (own) =>
          concatBytes(own.subarray(0, pointsEnd), fromHex(hex), own.subarray(pointsEnd + group.pointLength)),
      })
      expectAbort(error, 'POK', 2, [2])
    }
  })

  test('25: scalars are below the order', () => {
    const response = pointsEnd + group.pointLength
    const { error } = attack({
      opening: (own) =>
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
    expectAbort(attack({ opening: (own) => flip(own, -40) }).error, 'COMMIT', 2, [2])
    expectAbort(attack({ opening: (own) => flip(own, -1) }).error, 'COMMIT', 2, [2])
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

/** Changes the body of what participant 2 sends in a round. */
function spoil(round: number, change: (body: Uint8Array) => Uint8Array, to = 1): Network {
  return {
    intercept: (packet) => {
      const { round: sent, from } = decodeEnvelope(packet.bytes)
      if (sent !== round || from !== 2 || packet.to !== to) return [packet]
      return [rewrite(packet, ({ body }) => ({ body: change(body) }))]
    },
  }
}

describe.each(groups)('the last round on $name', ({ group }) => {
  const runs = [
    {
      name: 'key generation',
      last: 3,
      run: (network: Network, random: RandomSource = seededRandom()) =>
        simulate(keygenSessions({ group, threshold: 2, parties: newParties([1, 2]) }, random), network),
    },
    {
      name: 'reshare',
      last: 4,
      run: (network: Network, random: RandomSource = seededRandom()) => {
        const shares = generate(group, 2, 2, random)
        return simulate(reshareSessions({ group, shares, participants: PAIR, threshold: 2 }, random), network)
      },
    },
  ]

  test.each(runs)('$name: another transcript', ({ last, run }) => {
    const [victim] = run(spoil(last, (body) => flip(body, 0)))
    expectAbort(victim?.error, 'ECHO', last, [])
    expect(victim?.done).toBeUndefined()
  })

  test.each(runs)('$name: no proof of possession, no result', ({ last, run }) => {
    for (const at of [33, -1]) {
      const low = group.curve === 'ed25519' && at === -1 ? -32 : at
      const [victim] = run(spoil(last, (body) => flip(body, low)))
      expectAbort(victim?.error, 'POP', last, [2])
    }
  })

  test.each(runs)('$name: lengths are exact', ({ last, run }) => {
    for (const change of [(body: Uint8Array) => body.slice(0, -1), () => new Uint8Array(0)]) {
      expectAbort(run(spoil(last, change))[0]?.error, 'FORMAT', last, [2])
    }
    const [victim] = run(spoil(last, (body) => concatBytes(body, Uint8Array.of(0))))
    expect([victim?.error, victim?.done, victim?.receipts.at(-1)]).toEqual([undefined, undefined, 'dropped'])
  })

  test.each(runs)('$name, 21: whoever does not hear that the others are prepared is not done', ({ last, run }) => {
    const withhold = (packet: Packet) =>
      decodeEnvelope(packet.bytes).round === last && packet.to === 1 ? [] : [packet]
    const [victim, other] = run({ intercept: withhold })
    expect(victim?.prepared).toBeDefined()
    expect(victim?.done).toBeUndefined()
    expect(other?.done).toBeDefined()
  })

  test.each(runs)('$name, 17: a proof of possession of another session does not hold', ({ last, run }) => {
    let proof: Uint8Array | undefined
    const random = seededRandom()
    run(
      spoil(last, (body) => (proof = body)),
      random,
    )
    const replay = (body: Uint8Array) => concatBytes(body.subarray(0, 32), (proof as Uint8Array).subarray(32))
    expectAbort(run(spoil(last, replay), random)[0]?.error, 'POP', last, [2])
  })
})

describe.each(groups)('three parties and an equivocator on $name', ({ group }) => {
  const run = (network: Network) =>
    simulate(keygenSessions({ group, threshold: 2, parties: newParties([1, 2, 3]) }, seededRandom()), network)

  test('20: two commitments', () => {
    const [first, , third] = run(spoil(1, (body) => flip(body, -1), 3))
    expectAbort(first?.error, 'ECHO', 2, [])
    expectAbort(third?.error, 'ECHO', 2, [])
  })

  test('20: two nonces: nobody gets a result', () => {
    const outcomes = run(spoil(1, (body) => flip(body, 0), 3))
    for (const { done, prepared } of outcomes) expect([done, prepared]).toEqual([undefined, undefined])
  })

  test('20: two proofs of knowledge, both valid', () => {
    // Participant 2 runs twice with the same messages up to its proof, whose nonce is drawn last.
    const prove = (salt: number) => {
      const random = seededRandom('equivocator')
      let drawn = 0
      return (length: number) => {
        drawn += 1
        const bytes = random(length)
        return drawn === 6 ? bytes.map((byte) => byte ^ salt) : bytes
      }
    }
    const parties = newParties([1, 2, 3])
    const sessions = (salt: number) =>
      [1, 2, 3].map((self) => {
        const random = self === 2 ? prove(salt) : seededRandom(`honest ${self}`)
        return keygenSessions({ group, threshold: 2, parties }, random)[self - 1]!
      })
    const twins: Uint8Array[] = []
    simulate(sessions(1), {
      intercept: (packet) => {
        if (packet.from === 2 && packet.to === 3) twins.push(packet.bytes)
        return [packet]
      },
    })
    const twin = twins.find((bytes) => {
      const { round, to } = decodeEnvelope(bytes)
      return round === 2 && to === 0
    }) as Uint8Array
    let replaced = 0
    const outcomes = simulate(sessions(0), {
      intercept: (packet) => {
        const { round, to } = decodeEnvelope(packet.bytes)
        if (packet.from !== 2 || packet.to !== 3 || round !== 2 || to !== 0) return [packet]
        expect(packet.bytes).not.toEqual(twin)
        replaced += 1
        return [{ ...packet, bytes: twin }]
      },
    })
    expect(replaced).toBe(1)
    expectAbort(outcomes[0]?.error, 'ECHO', 3, [])
    expectAbort(outcomes[2]?.error, 'ECHO', 3, [])
  })

  test('a message without its echo', () => {
    const [first] = run(spoil(2, (body) => body.subarray(0, 31)))
    expectAbort(first?.error, 'FORMAT', 2, [2])
  })
})

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

  test('the puppet is accepted as long as it does not cheat', () => {
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
    const recorded: { dealing?: Dealing; opening?: Uint8Array } = {}
    cheatInReshare(group, random, shares, constant, {
      dealing: (dealing) => (recorded.dealing = dealing),
      opening: (opening) => (recorded.opening = opening),
    })
    const { error, sent } = cheatInReshare(group, random, shares, constant, {
      dealing: () => recorded.dealing as Dealing,
      opening: () => recorded.opening as Uint8Array,
    })
    expectAbort(error, 'POK', 2, [2])
    expect(sent).toEqual(NOTHING_SHARED)
  })

  test('24: shares that come early do not make the victim send its own', () => {
    const { error, sent } = attack({ opening: (own) => flip(own, group.curve === 'ed25519' ? -64 : -33) })
    expectAbort(error, 'POK', 2, [2])
    expect(sent).toEqual(NOTHING_SHARED)
  })

  test('13: an opening other than the commitment', () => {
    expectAbort(attack({ opening: (own) => flip(own, -1) }).error, 'COMMIT', 2, [2])
    expectAbort(
      attack({ commitment: (_, victims) => victims, opening: (_, victims) => victims }).error,
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
    ['the opening is short', 2, { opening: (own: Uint8Array) => own.slice(0, -1) }],
    ['the opening is empty', 2, { opening: () => new Uint8Array(0) }],
    ['the share is short', 3, { share: (own: Uint8Array) => own.slice(0, -1) }],
    ['the share is empty', 3, { share: () => new Uint8Array(0) }],
  ] as const)('15: lengths are exact: %s', (_, round, cheat) => {
    expectAbort(attack(cheat).error, 'FORMAT', round, [2])
  })

  test.each([
    ['round 1 is long', 1, { commitment: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
    ['the opening is long', 2, { opening: (own: Uint8Array) => concatBytes(own, Uint8Array.of(0)) }],
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

describe.each(groups)('many participants on $name', ({ group }) => {
  test('all who send bad shares are blamed, and nobody else', () => {
    const sessions = keygenSessions({ group, threshold: 2, parties: newParties([1, 2, 3, 4]) }, seededRandom())
    const outcomes = simulate(sessions, {
      intercept: (packet) => {
        const { round, to, from } = decodeEnvelope(packet.bytes)
        if (round !== 2 || to !== 1 || from === 3) return [packet]
        return [
          rewrite(packet, ({ body }) => {
            const share = group.add(body.slice(0, 32) as Scalar, group.scalar(1))
            return { body: concatBytes(share, body.subarray(32)) }
          }),
        ]
      },
    })
    expectAbort(outcomes[0]?.error, 'FELDMAN', 2, [2, 4])
  })

  test('participant numbers are blamed, not ids', () => {
    const sessions = keygenSessions({ group, threshold: 2, parties: newParties([9, 90, 200]) }, seededRandom())
    const outcomes = simulate(
      sessions,
      spoil(2, (body) => (body.length > 64 ? flip(body, -33) : body)),
    )
    expectAbort(outcomes[0]?.error, 'COMMIT', 2, [2])
  })

  test('23: in a reshare a mere receiver sees the cheat too', () => {
    const random = seededRandom()
    const shares = generate(group, 2, 2, random)
    const participants = [...PAIR, { receiver: newParties([3])[0]! }]
    const sessions = reshareSessions({ group, shares, participants, threshold: 2 }, random)
    const outcomes = simulate(sessions, {
      intercept: (packet) => {
        const { round, from } = decodeEnvelope(packet.bytes)
        if (round !== 3 || from !== 1 || packet.to !== 3) return [packet]
        return [
          rewrite(packet, ({ body }) => {
            const share = group.add(body.slice(0, 32) as Scalar, group.scalar(1))
            return { body: concatBytes(share, body.subarray(32)) }
          }),
        ]
      },
    })
    expectAbort(outcomes[2]?.error, 'FELDMAN', 3, [1])
    expect(outcomes.every(({ done }) => done === undefined)).toBe(true)
  })
})
