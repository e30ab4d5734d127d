import { describe, expect, test } from 'vitest'

import { MpcError, type ProtocolError } from '../../../src/errors.ts'
import { decodeEnvelope } from '../../../src/protocol/envelope.ts'
import { type Digest32, digest32 } from '../../../src/protocol/ecdsa/digest.ts'
import { createPresigning, restorePresigning } from '../../../src/protocol/ecdsa/presign.ts'
import { aggregateShares, Presignature } from '../../../src/protocol/ecdsa/presignature.ts'
import { type EcdsaSignature, scalarOfCommitment, scalarOfDigest } from '../../../src/protocol/ecdsa/signature.ts'
import { concatBytes, toHex } from '../../../src/util/bytes.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'
import { flip, simulate } from '../../support/simulator.ts'
import {
  backends,
  failure,
  type Changes,
  type Holder,
  holders,
  ids,
  nobleAccepts,
  presigningSessions,
  randomDigest,
} from './support.ts'
import type { PresigningOptions } from '../../../src/protocol/ecdsa/presign.ts'

describe.each(backends)('presignatures on $name', ({ backend }) => {
  const { group } = backend

  function presign(set: readonly Holder[], random: SeededRandom, change?: Changes<PresigningOptions>): Presignature[] {
    return simulate(presigningSessions(backend, set, random, change)).map(({ done, error }) => {
      if (done?.presignature === undefined) throw failure(error)
      return done.presignature
    })
  }

  const conditions = ({ share }: Holder) => ({
    setId: share.record.setId,
    publicKey: group.encodePoint(share.record.publicKey),
    incarnation: 0,
  })

  function complete(presignatures: readonly Presignature[], set: readonly Holder[], digest: Digest32): EcdsaSignature {
    const shares = presignatures.map((presignature, i) => {
      const share = presignature.spend(group, digest, conditions(set[i]!))
      expect(share).toHaveLength(64)
      return [presignature.self, share] as const
    })
    return aggregateShares(group, presignatures[0]!, digest, new Map(shares))
  }

  test.each([
    { threshold: 2, count: 2, signers: [1, 2] },
    { threshold: 3, count: 5, signers: [1, 2, 5] },
  ])(
    '$threshold of $count presign as $signers and sign with one message of 64 bytes each',
    ({ threshold, count, signers }) => {
      const random = seededRandom()
      const set = holders(backend, threshold, count, random)
      const present = signers.map((id) => set[id - 1] as Holder)
      const presignatures = presign(present, random)
      expect(new Set(presignatures.map(({ id }) => toHex(id))).size).toBe(1)
      const digest = randomDigest(random)
      const signature = complete(presignatures, present, digest)
      expect(nobleAccepts(signature, digest, group.encodePoint(set[0]!.share.record.publicKey))).toBe(true)
    },
  )

  test('two parties presign in two pairs of request and answer', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [client, server] = presigningSessions(backend, set, random)
    const request = client!.start().out
    const opening = server!.start().out
    for (const bytes of request) server!.receive(bytes)
    for (const bytes of [...opening, ...server!.advance().out]) client!.receive(bytes)
    for (const bytes of client!.advance().out) server!.receive(bytes)
    const last = server!.advance()
    expect(last.done?.presignature).toBeInstanceOf(Presignature)
    expect(last.out.map((bytes) => decodeEnvelope(bytes).round)).toEqual([3, 3])
    for (const bytes of last.out) client!.receive(bytes)
    expect(client!.advance().done?.presignature).toBeInstanceOf(Presignature)
  })

  test('lives on in bytes, and goes on from bytes', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const signers = ids(1, 2)
    const outcomes = simulate(
      presigningSessions(backend, set, random),
      {},
      {
        afterStep: (participant, session) =>
          restorePresigning(session.export(), { backend, ...set[participant - 1]!, signers, incarnation: 0, random }),
      },
    )
    const stored = outcomes.map(({ done }) => done!.presignature!.encode())
    const digest = randomDigest(random)
    const signature = complete(
      stored.map((bytes) => Presignature.decode(group, bytes)),
      set,
      digest,
    )
    expect(nobleAccepts(signature, digest, group.encodePoint(set[0]!.share.record.publicKey))).toBe(true)
  })

  // Row 10 of design section 9.
  test('is spent by its first use, by storing it and by disposing of it', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const uses: ((presignature: Presignature) => unknown)[] = [
      (presignature) => presignature.spend(group, randomDigest(random), conditions(set[0]!)),
      (presignature) => presignature.encode(),
      (presignature) => {
        presignature.dispose()
        presignature.dispose()
      },
    ]
    for (const use of uses) {
      const [presignature] = presign(set, random)
      use(presignature!)
      expect(() => presignature!.spend(group, randomDigest(random), conditions(set[0]!))).toThrow(RangeError)
      expect(() => presignature!.encode()).toThrow(RangeError)
    }
  })

  test('is refused after a restore of the database that it was stored in', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [presignature] = presign(set, random, () => ({ incarnation: 7 }))
    const snapshot = presignature!.encode()
    const digest = randomDigest(random)
    const own = conditions(set[0]!)
    // The same bytes are spent before and after: the second time the database is in its next life.
    expect(Presignature.decode(group, snapshot).spend(group, digest, { ...own, incarnation: 7 })).toHaveLength(64)
    expect(() => Presignature.decode(group, snapshot).spend(group, digest, { ...own, incarnation: 8 })).toThrow(
      RangeError,
    )
  })

  // Row 11.
  test('signs for the key and the set that it was made for, and stays unspent when refused', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const tweak = group.randomScalar(random)
    const derivation = { path: [0, 5], tweak }
    const presignatures = presign(set, random, () => ({ derivation }))
    const digest = randomDigest(random)
    const own = conditions(set[0]!)
    expect(() => presignatures[0]!.spend(group, digest, own)).toThrow(RangeError)
    const other = { ...own, publicKey: presignatures[0]!.publicKey, setId: random(32) }
    expect(() => presignatures[0]!.spend(group, digest, other)).toThrow(
      expect.objectContaining({ code: 'SET_MISMATCH' }) as MpcError,
    )

    const derived = group.addPoints(set[0]!.share.record.publicKey, group.multiplyBase(tweak))
    const publicKey = group.encodePoint(derived)
    const shares = presignatures.map(
      (presignature) => [presignature.self, presignature.spend(group, digest, { ...own, publicKey })] as const,
    )
    const signature = aggregateShares(group, presignatures[0]!, digest, new Map(shares))
    expect(nobleAccepts(signature, digest, publicKey)).toBe(true)
  })

  // R is known before the digest is, and δ too: h + r·δ = h* + r·δ* makes a signature on h by one key one on h* by another.
  test('on a digest chosen for it signs nothing for the key at another path', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const tweak = group.randomScalar(random)
    const presignatures = presign(set, random, () => ({ derivation: { path: [0, 5], tweak } }))
    const { commitment, publicKey } = presignatures[0]!
    const wanted = randomDigest(random)
    const distance = group.multiply(scalarOfCommitment(group, commitment), group.negate(tweak))
    const chosen = digest32(group.add(scalarOfDigest(group, wanted), distance))
    const shares = presignatures.map(
      (one) => [one.self, one.spend(group, chosen, { ...conditions(set[0]!), publicKey })] as const,
    )
    const signature = aggregateShares(group, presignatures[0]!, chosen, new Map(shares))
    expect(nobleAccepts(signature, chosen, publicKey)).toBe(true)
    const own = group.encodePoint(set[0]!.share.record.publicKey)
    expect(nobleAccepts(signature, wanted, own)).toBe(false)
  })

  test('a wrong share is not released as a signature', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [first, second] = presign(set, random)
    const digest = randomDigest(random)
    const own = first!.spend(group, digest, conditions(set[0]!))
    const theirs = second!.spend(group, digest, conditions(set[1]!))
    const [one, two] = ids(1, 2)
    const aggregate = (share: Uint8Array) =>
      aggregateShares(
        group,
        first!,
        digest,
        new Map([
          [one!, own],
          [two!, share],
        ]),
      )
    const reasonOf = (share: Uint8Array): unknown => {
      try {
        return aggregate(share)
      } catch (error) {
        const { reason, blame } = error as ProtocolError
        return [reason, blame]
      }
    }
    expect(reasonOf(flip(theirs, 40))).toEqual(['SIG', [2]])
    expect(reasonOf(theirs.slice(1))).toEqual(['FORMAT', [2]])
    expect(reasonOf(new Uint8Array(64).fill(255))).toEqual(['FORMAT', [2]])
    expect(reasonOf(new Uint8Array(64))).toEqual(['SIG', [2]])
    const [, , three] = ids(1, 2, 3)
    const pair = [
      [one!, own],
      [two!, theirs],
    ] as const
    for (const shares of [pair.slice(0, 1), [...pair, [three!, theirs] as const]]) {
      expect(() => aggregateShares(group, first!, digest, new Map(shares))).toThrow('of 2 signers')
    }
    const stranger = new Map([pair[0], [three!, theirs] as const])
    expect(() => aggregateShares(group, first!, digest, stranger)).toThrow('party 2 is missing')
    expect(nobleAccepts(aggregate(theirs), digest, group.encodePoint(set[0]!.share.record.publicKey))).toBe(true)
  })

  test('nobody is blamed for a wrong share of three', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const presignatures = presign(set, random)
    const digest = randomDigest(random)
    const shares = new Map(
      presignatures.map((one, i) => [one.self, one.spend(group, digest, conditions(set[i]!))] as const),
    )
    const [, two] = ids(1, 2)
    shares.set(two!, flip(shares.get(two!)!, 40))
    expect(() => aggregateShares(group, presignatures[0]!, digest, shares)).toThrow(
      expect.objectContaining({ reason: 'SIG', blame: [] }) as ProtocolError,
    )
  })

  test('is exactly one encoding', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [presignature] = presign(set, random)
    const bytes = presignature!.encode()
    for (const bad of [bytes.slice(1), bytes.slice(0, -1), concatBytes(bytes, Uint8Array.of(0)), flip(bytes, 0)]) {
      expect(() => Presignature.decode(group, bad)).toThrow(MpcError)
    }
    // Version, ids and points, incarnation, then self at 135 and the signers from 140 on.
    expect([bytes[135], bytes[140], bytes[141]]).toEqual([1, 1, 2])
    for (const bad of [
      bytes.with(135, 9),
      bytes.with(135, 0),
      bytes.with(141, 0),
      bytes.with(65, 4),
      bytes.with(98, 4),
    ]) {
      expect(() => Presignature.decode(group, bad)).toThrow(MpcError)
    }
  })

  test('is of a whole incarnation', () => {
    const random = seededRandom()
    const [first] = holders(backend, 2, 2, random)
    const options = { backend, ...first!, signers: ids(1, 2), random }
    for (const incarnation of [-1, 0.5, 2 ** 32]) {
      expect(() => createPresigning({ ...options, incarnation })).toThrow(RangeError)
    }
    expect(() => createPresigning({ ...options, incarnation: 2 ** 32 - 1 })).not.toThrow()
  })
})
