import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'

import type { Group, Point, Scalar } from '../../../../src/curve/group.ts'
import { portableEcdsa, wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import {
  respondToOffers,
  type BaseOtBackend,
  finishOffers,
  makeOffers,
} from '../../../../src/protocol/ecdsa/ot/base-ot.ts'
import { bit, hashColumnsVar, transpose } from '../../../../src/protocol/ecdsa/ot/bit-matrix.ts'
import { portableBaseOt } from '../../../../src/protocol/ecdsa/ot/endemic-ot.ts'
import type { HashToCurve } from '../../../../src/protocol/ecdsa/ot/hash-to-curve.ts'
import { OFFERS_RESPONSE_BYTES, OFFERS_BYTES, OT_DOMAIN } from '../../../../src/protocol/ecdsa/ot/parameters.ts'
import { batchHasher, hashQuarters, u32 } from '../../../../src/protocol/ecdsa/ot/tagged-batch.ts'
import { concatBytes, toHex, utf8 } from '../../../../src/util/bytes.ts'
import { CodecError } from '../../../../src/util/codec.ts'
import { seededRandom } from '../../../support/random.ts'
import { backends, chosen } from '../support.ts'

const backend = wasmEcdsa()
const { group } = backend
const POINT = 33
const COLUMN = 32

/** String and point of an offer. */
const offered = (offers: Uint8Array, index: number): [Uint8Array, Uint8Array] => {
  const at = 2 * POINT * index
  return [offers.slice(at, at + POINT), offers.slice(at + POINT, at + 2 * POINT)]
}
const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, at) => byte ^ (b[at] as number))

function contextOf(otSid: Uint8Array, offers: Uint8Array, z: Uint8Array): Uint8Array {
  return batchHasher('ot-context', hashQuarters('ot-offer', otSid, offers))(z)
}

describe.each(backends)('base OTs of both directions on the $name backend', ({ backend }) => {
  test('give each party one seed of each of the other’s pairs, by its own choice', () => {
    const random = seededRandom()
    const otSid = random(32)
    const offers = makeOffers(backend, otSid, random)
    const { message, baseOts: responding } = respondToOffers(backend, otSid, offers.message, random)
    const offering = finishOffers(backend, otSid, offers, message)!
    expect([offers.message.length, message.length]).toEqual([OFFERS_BYTES, OFFERS_RESPONSE_BYTES])
    expect(toHex(offering.multiplierSeeds)).toBe(toHex(chosen(responding.choiceSeeds, offering.delta)))
    expect(toHex(responding.multiplierSeeds)).toBe(toHex(chosen(offering.choiceSeeds, responding.delta)))
    const seeds = [responding.choiceSeeds, offering.choiceSeeds].flatMap((pairs) =>
      Array.from({ length: 256 }, (_, i) => toHex(pairs.slice(32 * i, 32 * (i + 1)))),
    )
    expect(new Set(seeds).size).toBe(512)
    expect(toHex(offering.delta)).not.toBe(toHex(responding.delta))
  })

  test('are of one session only', () => {
    const random = seededRandom()
    const offers = makeOffers(backend, random(32), random)
    const otSid = random(32)
    const { message } = respondToOffers(backend, otSid, offers.message, random)
    // The keys differ, so the extension is of other seeds.
    expect(finishOffers(backend, otSid, offers, message)).toBeUndefined()
  })

  test('an offer that cancels its hash is refused', () => {
    const random = seededRandom()
    const otSid = random(32)
    const { message } = makeOffers(backend, otSid, random)
    for (const branch of [0, 1]) {
      const forged = message.slice()
      // Branch 1 hashes s ⊕ T: s is chosen after T.
      const string = random(POINT)
      const [hashed] = backend.hashToCurve([concatBytes(otSid, u32(5), Uint8Array.of(branch), string)], OT_DOMAIN)
      const point = backend.group.encodePoint(backend.group.negatePoint(hashed as Point))
      forged.set(branch === 0 ? string : xor(string, point), 2 * POINT * 5)
      forged.set(point, 2 * POINT * 5 + POINT)
      expect(() => respondToOffers(backend, otSid, forged, random)).toThrow(CodecError)
      expect(() => respondToOffers(backend, otSid, forged, random)).toThrow('cancels its hash')
    }
  })
})

describe('the backends', () => {
  const random = seededRandom()
  const otSid = random(32)
  const exponents = Array.from({ length: 128 }, () => group.randomScalar(random))
  const [choices, strings, secret, responses] = [
    random(16),
    random(128 * POINT),
    group.randomScalar(random),
    random(32),
  ]
  const { baseOt } = backend
  const portable = portableEcdsa()
  const offers = baseOt.offer(otSid, choices, exponents, strings)
  const responded = baseOt.respond(otSid, offers, secret, responses)

  test('give the same bytes', () => {
    const other = portable.baseOt
    expect(toHex(offers)).toBe(toHex(other.offer(otSid, choices, exponents, strings)))
    const { message, seeds } = other.respond(otSid, offers, secret, responses)
    expect(toHex(responded.message)).toBe(toHex(message))
    expect(toHex(responded.seeds.choiceSeeds)).toBe(toHex(seeds.choiceSeeds))
    expect(toHex(responded.seeds.multiplierSeeds)).toBe(toHex(seeds.multiplierSeeds))
    const finished = baseOt.finish(otSid, choices, exponents, offers, message)!
    const again = other.finish(otSid, choices, exponents, offers, message)!
    expect(toHex(finished.choiceSeeds)).toBe(toHex(again.choiceSeeds))
    expect(toHex(finished.multiplierSeeds)).toBe(toHex(again.multiplierSeeds))
  })

  test('the portable one wipes the points that keys are hashed from', () => {
    let encoded: Uint8Array[] = []
    const encodePoints: Group['encodePoints'] = (points) => (encoded = portable.group.encodePoints(points))
    const watched = portableBaseOt({ ...portable.group, encodePoints }, portable.hashToCurve)
    const { message } = watched.respond(otSid, offers, secret, responses)
    expect(encoded).toHaveLength(256)
    expect(encoded.every((point) => point.every((byte) => byte === 0))).toBe(true)
    watched.finish(otSid, choices, exponents, offers, message)
    expect(encoded).toHaveLength(128)
    expect(encoded.every((point) => point.every((byte) => byte === 0))).toBe(true)
  })

  // Not compressed, x not below p, x of no point, and what other encodings have for the identity.
  const wrong: [string, (point: Uint8Array) => void][] = [
    ['another prefix', (point) => (point[0] = 4)],
    ['an x not below p', (point) => point.fill(0xff, 1)],
    ['an x of no point', (point) => point.fill(0, 1).set([5], 32)],
    ['zeros', (point) => point.fill(0)],
  ]
  // At the first and the last place of each of the four lanes.
  test.each(wrong)('refuse %s', (_, spoil) => {
    for (const { backend: one } of backends) {
      for (const at of [0, 1, 2, 3, 124, 125, 126, 127]) {
        const spoiled = offers.slice()
        spoil(spoiled.subarray(POINT * (2 * at + 1), POINT * (2 * at + 2)))
        expect(() => one.baseOt.respond(otSid, spoiled, secret, responses)).toThrow(CodecError)
      }
      const spoiled = responded.message.slice()
      spoil(spoiled.subarray(0, POINT))
      expect(() => one.baseOt.finish(otSid, choices, exponents, offers, spoiled)).toThrow(CodecError)
    }
  })

  test('notice any bit of u, x and t', () => {
    for (const { backend: one } of backends) {
      for (const at of [
        33,
        33 + 77 * COLUMN + 5,
        33 + 4095,
        33 + 4096,
        33 + 4111,
        33 + 4112,
        OFFERS_RESPONSE_BYTES - 1,
      ]) {
        const forged = responded.message.slice()
        forged[at] = (forged[at] as number) ^ 0x10
        expect(one.baseOt.finish(otSid, choices, exponents, offers, forged)).toBeUndefined()
      }
    }
  })

  test('a sender that lies in one column alone passes just where Δ has a zero, in each of the 128', () => {
    const z = responded.message.subarray(0, POINT)
    const u = responded.message.subarray(POINT, POINT + 128 * COLUMN)
    const vsid = contextOf(otSid, offers, z)
    const prg = batchHasher('ote-prg', vsid)
    const pairs = responded.seeds.choiceSeeds
    const ones = Array.from({ length: 128 }, (_, i) =>
      prg(concatBytes(pairs.subarray(64 * i + 32, 64 * i + 64), u32(i), u32(1), u32(0))),
    )
    const delta = choices.map((byte) => byte ^ 0xff)
    for (let column = 0; column < 128; column++) {
      const lie = u.slice()
      lie[COLUMN * column + (column % COLUMN)] = (lie[COLUMN * column + (column % COLUMN)] as number) ^ 1
      const chi = batchHasher('ote-chi', hashQuarters('ote-u', vsid, lie))(u32(0)).subarray(0, 16)
      const [x] = hashColumnsVar(transpose(Array.from({ length: 128 }, () => responses)), [chi])
      const forged = concatBytes(z, lie, x as Uint8Array, ...hashColumnsVar(transpose(ones), [chi]))
      const verdict = baseOt.finish(otSid, choices, exponents, offers, forged)
      expect([column, verdict !== undefined]).toEqual([column, bit(delta, column) === 0])
    }
  })
})

/**
 * The attack on a base OT whose points are hashed as hash·G (row 1 of
 * docs/security.md#attacks-that-are-tested). A receiver that knows the discrete logarithms of HC and of T knows those of both
 * branches, so it can compute both keys from z.
 */
describe('a receiver that uses discrete logarithms of hash points', () => {
  /** hash·G: the discrete logarithm is public. */
  const logarithm = (message: Uint8Array): Scalar =>
    group.reduce(concatBytes(new Uint8Array(16), sha256(concatBytes(utf8(OT_DOMAIN), message))))
  const weak: HashToCurve = (messages) => messages.map((message) => group.multiplyBase(logarithm(message)))

  function stolenKeys(target: BaseOtBackend): number {
    const random = seededRandom('attack')
    const otSid = random(32)
    const exponents = Array.from({ length: 128 }, () => group.randomScalar(random))
    const offers = concatBytes(
      ...exponents.flatMap((exponent) => [random(POINT), group.encodePoint(group.multiplyBase(exponent))]),
    )
    const { message, baseOts } = respondToOffers(target, otSid, offers, random)
    const z = message.subarray(0, POINT)
    const hash = batchHasher('ot-key', contextOf(otSid, offers, z))
    let stolen = 0
    for (const [i, exponent] of exponents.entries()) {
      const [string, point] = offered(offers, i)
      for (const branch of [0, 1]) {
        const tweak = concatBytes(otSid, u32(i), Uint8Array.of(branch), branch === 1 ? xor(string, point) : string)
        const known = group.add(exponent, logarithm(tweak))
        const shared = group.encodePoint(group.multiplyPoint(group.decodePoint(z), known))
        const guess = hash(concatBytes(u32(i), Uint8Array.of(branch), shared))
        const at = 32 * (2 * i + branch)
        if (toHex(guess) === toHex(baseOts.choiceSeeds.slice(at, at + 32))) stolen += 1
      }
    }
    return stolen
  }

  test('steals every key where points are hash·G', () => {
    expect(stolenKeys({ group, baseOt: portableBaseOt(group, weak) })).toBe(256)
  })

  test('steals none where they come from the map of RFC 9380', () => {
    expect(stolenKeys(backend)).toBe(0)
  })
})

/**
 * Naive batching of Masny and Rindal's OT with one b is broken as a batch (eprint 2021/682, Lemma 1): keys of two transfers
 * collide where their points do. Here index, branch and the whole of both messages are in each key.
 */
test('two transfers whose points are the same have different keys', () => {
  const random = seededRandom()
  const otSid = random(32)
  const same: HashToCurve = (messages) => messages.map(() => group.multiplyBase(group.scalar(7)))
  const target = { group, baseOt: portableBaseOt(group, same) }
  const [exponent, string] = [group.randomScalar(random), random(POINT)]
  const one = concatBytes(string, group.encodePoint(group.multiplyBase(exponent)))
  const offers = concatBytes(...Array.from({ length: 128 }, () => one))
  const { baseOts } = respondToOffers(target, otSid, offers, random)
  const keys = Array.from({ length: 256 }, (_, i) => toHex(baseOts.choiceSeeds.slice(32 * i, 32 * (i + 1))))
  expect(new Set(keys).size).toBe(256)
})
