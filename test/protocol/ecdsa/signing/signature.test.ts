import { describe, expect, test } from 'vitest'

import type { Group, Scalar } from '../../../../src/curve/group.ts'
import { digest32 } from '../../../../src/protocol/ecdsa/signing/digest.ts'
import {
  assembleSignature,
  scalarOfCommitment,
  scalarOfDigest,
} from '../../../../src/protocol/ecdsa/signing/signature.ts'
import { concatBytes, toHex } from '../../../../src/util/bytes.ts'
import { bytesToNumber, numberToBytes, ORDER } from '../../../support/bigint-scalars.ts'
import { seededRandom } from '../../../support/random.ts'
import { backends, nobleAccepts } from '../support.ts'

const N = ORDER.secp256k1
const P = (1n << 256n) - (1n << 32n) - 977n

/** The first point with an x from `start` on. x = n is on the curve too, but gives r = 0. */
function pointFrom(group: Group, start: bigint, odd: boolean): Uint8Array {
  for (let x = start; x < P; x++) {
    const encoded = concatBytes(Uint8Array.of(odd ? 3 : 2), numberToBytes('secp256k1', x))
    try {
      group.decodePoint(encoded)
      return encoded
    } catch {
      continue
    }
  }
  throw new Error('no point')
}

describe.each(backends)('assembling a signature on $name', ({ backend: { group } }) => {
  /** The key for which (R, s) signs the digest: r⁻¹·(s·R − m·G), as in public key recovery. */
  function keyFor(encodedR: Uint8Array, s: Scalar, m: Scalar) {
    const r = scalarOfCommitment(group, encodedR)
    const point = group.linearCombinationVar([group.decodePoint(encodedR), group.generator], [s, group.negate(m)])
    return group.multiplyPoint(point, group.invert(r))
  }

  test.each([
    { name: 'x below n, y even', start: 1n << 200n, odd: false, bit1: 0 },
    { name: 'x below n, y odd', start: 1n << 200n, odd: true, bit1: 0 },
    { name: 'x above n, y even', start: N + 1n, odd: false, bit1: 2 },
    { name: 'x above n, y odd', start: N + 1n, odd: true, bit1: 2 },
  ])('recovers the key where R has $name, from a low s', ({ start, odd, bit1 }) => {
    const random = seededRandom()
    const encodedR = pointFrom(group, start, odd)
    const digest = digest32(random(32))
    const highs = new Set<boolean>()
    while (highs.size < 2) {
      const [u, w] = [group.randomScalar(random), group.randomScalar(random)]
      const s = group.multiply(w, group.invert(u))
      const high = bytesToNumber('secp256k1', s) > N / 2n
      highs.add(high)
      const publicKey = keyFor(encodedR, s, scalarOfDigest(group, digest))
      const signature = assembleSignature(group, { publicKey, encodedR, digest, u, w })
      expect(bytesToNumber('secp256k1', signature!.s) <= N / 2n).toBe(true)
      expect(signature!.recovery).toBe(bit1 | Number(odd !== high))
      expect(nobleAccepts(signature!, digest, group.encodePoint(publicKey))).toBe(true)
    }
  })

  test('has the lower of s and n − s where they differ in their last bit alone', () => {
    const random = seededRandom()
    const encodedR = pointFrom(group, 1n << 99n, false)
    const digest = digest32(random(32))
    for (const value of [(N - 1n) / 2n, (N + 1n) / 2n]) {
      const s = numberToBytes('secp256k1', value) as Scalar
      const publicKey = keyFor(encodedR, s, scalarOfDigest(group, digest))
      const signature = assembleSignature(group, { publicKey, encodedR, digest, u: group.scalar(1), w: s })
      expect(bytesToNumber('secp256k1', signature!.s)).toBe((N - 1n) / 2n)
      expect(signature!.recovery).toBe(value === (N - 1n) / 2n ? 0 : 1)
    }
  })

  test('gives nothing for another key, digest or R, nor for zeros', () => {
    const random = seededRandom()
    const encodedR = pointFrom(group, 1n << 100n, true)
    const digest = digest32(random(32))
    const [u, w] = [group.randomScalar(random), group.randomScalar(random)]
    const publicKey = keyFor(encodedR, group.multiply(w, group.invert(u)), scalarOfDigest(group, digest))
    const zero = group.scalar(0)
    const parts = { publicKey, encodedR, digest, u, w }
    expect(assembleSignature(group, parts)).toBeDefined()
    for (const other of [
      { publicKey: group.generator },
      { digest: digest32(random(32)) },
      { encodedR: pointFrom(group, 1n << 101n, true) },
      { u: zero },
      { w: zero },
    ]) {
      expect(assembleSignature(group, { ...parts, ...other })).toBeUndefined()
    }
  })

  test('a digest stands for its number modulo the order', () => {
    expect(toHex(scalarOfDigest(group, digest32(numberToBytes('secp256k1', N))))).toBe('00'.repeat(32))
    expect(bytesToNumber('secp256k1', scalarOfDigest(group, digest32(new Uint8Array(32).fill(255))))).toBe(
      (1n << 256n) - 1n - N,
    )
  })
})
