import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'

import type { Group, Point, Scalar } from '../../../src/curve/group.ts'
import { wasmEcdsa } from '../../../src/protocol/ecdsa/backend.ts'
import { answerBaseOt, type BaseOtBackend, finishBaseOt, startBaseOt } from '../../../src/protocol/ecdsa/base-ot.ts'
import { bit } from '../../../src/protocol/ecdsa/bit-matrix.ts'
import { portableBaseOt } from '../../../src/protocol/ecdsa/endemic-ot.ts'
import type { HashToCurve } from '../../../src/protocol/ecdsa/hash-to-curve.ts'
import { createHasher } from '../../../src/protocol/transcript.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { concatBytes, toHex, utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { chosen } from './support.ts'

const backend = wasmEcdsa()
const { group } = backend
const POINT = 33
const hash = createHasher('secp256k1', 'ecdsa-setup')

const offered = (message: Uint8Array, index: number): [Uint8Array, Uint8Array] => {
  const at = 2 * POINT * index
  return [message.slice(at, at + POINT), message.slice(at + POINT, at + 2 * POINT)]
}

describe('endemic OT', () => {
  test('the receiver gets the keys of its choices, and the sender both', () => {
    const random = seededRandom()
    const otSid = random(32)
    const receiver = startBaseOt(backend, otSid, random)
    const { message, keys } = answerBaseOt(backend, otSid, receiver.message, random)
    const received = finishBaseOt(backend, otSid, receiver, message)
    const delta = receiver.choices.map((byte) => byte ^ 0xff)
    expect(toHex(received)).toBe(toHex(chosen(keys, delta)))
    expect(new Set(Array.from({ length: 256 }, (_, i) => toHex(keys.slice(32 * i, 32 * (i + 1))))).size).toBe(256)
  })

  test('keys are of one session only', () => {
    const random = seededRandom()
    const receiver = startBaseOt(backend, random(32), random)
    const otSid = random(32)
    const { message, keys } = answerBaseOt(backend, otSid, receiver.message, random)
    const received = finishBaseOt(backend, otSid, receiver, message)
    const delta = receiver.choices.map((byte) => byte ^ 0xff)
    for (let i = 0; i < 128; i++) {
      const own = toHex(received.slice(32 * i, 32 * (i + 1)))
      expect(own).not.toBe(toHex(chosen(keys, delta).slice(32 * i, 32 * (i + 1))))
    }
  })

  test('an offer that cancels its hash is refused', () => {
    const random = seededRandom()
    const otSid = random(32)
    const { message } = startBaseOt(backend, otSid, random)
    const [, r1] = offered(message, 0)
    const index = new Uint8Array(4)
    const domain = 'reshare/v1/ecdsa-setup/ot_secp256k1_XMD:SHA-256_SSWU_RO_'
    const [hashed] = backend.hashToCurve([concatBytes(otSid, index, Uint8Array.of(0), r1)], domain)
    const forged = message.slice()
    forged.set(group.encodePoint(group.negatePoint(hashed as Point)), 0)
    for (const one of [backend, { group, baseOt: portableBaseOt(group, backend.hashToCurve) }]) {
      expect(() => answerBaseOt(one, otSid, forged, random)).toThrow(CodecError)
      expect(() => answerBaseOt(one, otSid, forged, random)).toThrow('cancels its hash')
    }
  })
})

describe('the backends', () => {
  const random = seededRandom()
  const draw = (): Scalar[] => Array.from({ length: 128 }, () => group.randomScalar(random))
  const otSid = random(32)
  const [choices, exponents, decoys, secrets] = [random(16), draw(), draw(), draw()] as const
  const { baseOt } = backend
  const portable = portableBaseOt(group, backend.hashToCurve)
  const message = baseOt.offer(otSid, choices, exponents, decoys)
  const answered = baseOt.answer(otSid, message, secrets)

  test('give the same bytes', () => {
    expect(toHex(message)).toBe(toHex(portable.offer(otSid, choices, exponents, decoys)))
    const other = portable.answer(otSid, message, secrets)
    expect(toHex(answered.message)).toBe(toHex(other.message))
    expect(toHex(answered.keys)).toBe(toHex(other.keys))
    const reply = answered.message
    const keys = baseOt.finish(otSid, choices, exponents, message, reply)
    expect(toHex(keys)).toBe(toHex(portable.finish(otSid, choices, exponents, message, reply)))
  })

  test('the portable one wipes the points that keys are hashed from', () => {
    let encoded: Uint8Array[] = []
    const encodePoints: Group['encodePoints'] = (points) => (encoded = group.encodePoints(points))
    const watched = portableBaseOt({ ...group, encodePoints }, backend.hashToCurve)
    const { message: reply } = watched.answer(otSid, message, secrets)
    expect(encoded).toHaveLength(256)
    expect(encoded.every((point) => point.every((byte) => byte === 0))).toBe(true)
    watched.finish(otSid, choices, exponents, message, reply)
    expect(encoded).toHaveLength(128)
    expect(encoded.every((point) => point.every((byte) => byte === 0))).toBe(true)
  })

  // Not compressed, x not below p, x of no point; at the first and the last place of each of the four lanes.
  const wrong: [string, (point: Uint8Array) => void][] = [
    ['another prefix', (point) => (point[0] = 4)],
    ['an x not below p', (point) => point.fill(0xff, 1)],
    ['an x of no point', (point) => point.fill(0, 1).set([5], 32)],
  ]
  test.each(wrong)('refuse %s', (_, spoil) => {
    for (const at of [0, 1, 2, 3, 124, 125, 126, 127]) {
      for (const [bytes, run] of [
        [message, (bytes: Uint8Array) => baseOt.answer(otSid, bytes, secrets)],
        [answered.message, (bytes: Uint8Array) => baseOt.finish(otSid, choices, exponents, message, bytes)],
      ] as const) {
        const spoiled = bytes.slice()
        spoil(spoiled.subarray(POINT * at, POINT * (at + 1)))
        expect(() => run(spoiled)).toThrow(CodecError)
      }
    }
  })
})

/**
 * The attack on a base OT whose points are hashed as hash·G (design section 9, row 1). A receiver that knows the
 * discrete logarithm e of HC(b, r_{1−b}) and u of r_{1−c} knows that of both r_b + HC(b, r_{1−b}), so it can compute
 * both keys from B.
 */
describe('a receiver that uses discrete logarithms of hash points', () => {
  /** hash·G: the discrete logarithm is public. */
  const logarithm = (curve: Group, message: Uint8Array, domain: string): Scalar => {
    const wide = concatBytes(new Uint8Array(16), sha256(concatBytes(utf8(domain), message)))
    return curve.reduce(wide)
  }
  const weak: HashToCurve = (messages, domain) =>
    messages.map((message) => group.multiplyBase(logarithm(group, message, domain)))

  function stolenKeys(target: BaseOtBackend): number {
    const random = seededRandom('attack')
    const otSid = random(32)
    const domain = 'reshare/v1/ecdsa-setup/ot_secp256k1_XMD:SHA-256_SSWU_RO_'
    // Everything an honest receiver does, but it keeps the logarithms u of the points that ought to be random.
    const drawn: Scalar[] = []
    const keeping: Group = {
      ...target.group,
      randomScalar: (source) => {
        const scalar = target.group.randomScalar(source)
        drawn.push(scalar.slice() as Scalar)
        return scalar
      },
    }
    const receiver = startBaseOt({ ...target, group: keeping }, otSid, random)
    const logarithms = drawn.slice(128)
    const { message, keys } = answerBaseOt(target, otSid, receiver.message, random)

    let stolen = 0
    for (let i = 0; i < 128; i++) {
      const other = 1 ^ bit(receiver.choices, i)
      const [r0, r1] = offered(receiver.message, i)
      const index = Uint8Array.of(0, 0, 0, i)
      const hashed = logarithm(group, concatBytes(otSid, index, Uint8Array.of(other), other === 0 ? r1 : r0), domain)
      const exponent = group.add(logarithms[i] as Scalar, hashed)
      const B = message.slice(POINT * i, POINT * (i + 1))
      const shared = group.encodePoint(group.multiplyPoint(group.decodePoint(B), exponent))
      const guess = hash('ot-key', otSid, i, other, B, r0, r1, shared)
      const at = 32 * (2 * i + other)
      if (toHex(guess) === toHex(keys.slice(at, at + 32))) stolen += 1
    }
    return stolen
  }

  test('steals every key where points are hash·G', () => {
    expect(stolenKeys({ group, baseOt: portableBaseOt(group, weak) })).toBe(128)
  })

  test('steals none where they come from the map of RFC 9380', () => {
    expect(stolenKeys(backend)).toBe(0)
  })
})
