import { ed25519, ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import type { Point } from '../../../src/curve/group.ts'
import { wasmGroup } from '../../../src/curve/wasm/group.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { seededRandom } from '../../support/random.ts'

describe('decoding', () => {
  // Wycheproof eddsa and ed25519 "speccheck" style: encodings of points that are on the curve but must not be taken, or
  // that are no points. RFC 8032 §5.1.3; low order points as listed in Chalkias et al., "Taming the many EdDSAs", §4.
  test.each([
    ['order 1', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['order 1, x = −0', '0100000000000000000000000000000000000000000000000000000000000080'],
    ['order 2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['order 2, x = −0', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['order 4', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['order 4, negative', '0000000000000000000000000000000000000000000000000000000000000080'],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['order 8, negative', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['order 8, other', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['order 1, y = p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['order 1, y = p + 1, negative', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['order 4, y = p', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['order 4, y = p, negative', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['all ones', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['y = 2, not on the curve', '0200000000000000000000000000000000000000000000000000000000000000'],
    ['mixed order', 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d'],
  ])('ed25519 refuses %s', (_, encoded) => {
    expect(() => wasmGroup('ed25519').decodePoint(fromHex(encoded))).toThrow(CodecError)
  })

  test('of the eight points that differ by torsion, ed25519 takes the one in the subgroup', () => {
    const group = wasmGroup('ed25519')
    const random = seededRandom('torsion')
    const hexOfGroup = (one: Point): string => toHex(group.encodePoint(one))
    const torsion = ED25519_TORSION_SUBGROUP.map((text) => ed25519.Point.fromHex(text))
    for (let i = 0; i < 40; i++) {
      const bytes = group.encodePoint(group.multiplyBase(group.randomScalar(random)))
      const point = ed25519.Point.fromBytes(bytes)
      for (const shift of torsion) {
        const shifted = point.add(shift).toBytes()
        const decoded = attempt(() => toHex(group.encodePoint(group.decodePoint(shifted))))
        expect(decoded).toBe(shift.is0() ? toHex(bytes) : false)
        for (const pair of [
          [shifted, bytes],
          [bytes, shifted],
        ]) {
          const both = attempt(() => group.decodePoints(pair).map(hexOfGroup))
          expect(both).toEqual(shift.is0() ? [toHex(bytes), toHex(bytes)] : false)
        }
      }
    }
  })

  test('ed25519 takes and gives what the library does, the subgroup aside', () => {
    const group = wasmGroup('ed25519')
    const random = seededRandom('decode')
    let taken = 0
    for (let i = 0; i < 150; i++) {
      const bytes = random(32)
      const wanted = attempt(() => {
        const point = ed25519.Point.fromBytes(bytes)
        return point.isTorsionFree() && !point.is0()
      })
      const isTaken = attempt(() => toHex(group.encodePoint(group.decodePoint(bytes))) === toHex(bytes))
      expect(isTaken).toBe(wanted)
      // Seven eighths of the curve lie outside the subgroup: clear the cofactor for points that must be taken.
      const point = attempt(() => ed25519.Point.fromBytes(bytes).clearCofactor().toBytes())
      if (point === false) continue
      taken++
      expect(toHex(group.encodePoint(group.decodePoint(point)))).toBe(toHex(point))
    }
    expect(taken).toBeGreaterThan(20)
  })

  test('secp256k1 takes and gives what the library does', () => {
    const group = wasmGroup('secp256k1')
    const random = seededRandom('decode')
    let taken = 0
    for (let i = 0; i < 150; i++) {
      const bytes = random(33)
      bytes[0] = 2 + ((bytes[0] as number) & 1)
      const wanted = attempt(() => toHex(secp256k1.Point.fromBytes(bytes).toBytes()))
      expect(attempt(() => toHex(group.encodePoint(group.decodePoint(bytes))))).toBe(wanted)
      if (wanted !== false) taken++
    }
    expect(taken).toBeGreaterThan(40)
  })
})

function attempt<T>(run: () => T): T | false {
  try {
    return run()
  } catch {
    return false
  }
}
