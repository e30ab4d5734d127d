import { sha512 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import type { Point, Scalar } from '../../../src/curve/group.ts'
import { portableGroup } from '../../../src/curve/portable.ts'
import { wasmGroup } from '../../../src/curve/wasm/group.ts'
import { CURVES } from '../../../src/types.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { bytesToNumber, mod } from '../../support/bigint-scalars.ts'
import { AFFINE, encodeAffine, multiplyAffine, type AffinePoint } from '../../support/bigint/curves.ts'
import { LAMBDA, wasmSetting } from './setting.ts'

describe.each(CURVES)('%s on the module', (curve) => {
  const { group, order, random, scalar, uniform, hex } = wasmSetting(curve)
  const affine = AFFINE[curve]
  const hexOf = (point: AffinePoint): string =>
    point === affine.identity || (curve === 'ed25519' && point?.x === 0n && point.y === 1n)
      ? 'identity'
      : toHex(encodeAffine(curve, point))

  test('there is one group for each curve', () => {
    expect(wasmGroup(curve)).toBe(group)
  })

  test('a length that a property hides changes nothing', () => {
    const lying = <T extends Scalar | Point>(value: T): T => {
      const copy = new Uint8Array(value as unknown as Uint8Array)
      return Object.defineProperty(copy, 'length', { value: 0 }) as unknown as T
    }
    const [zero, one, two] = [0n, 1n, 2n].map(scalar) as [Scalar, Scalar, Scalar]
    expect(group.equalScalars(lying(one), lying(two))).toBe(false)
    expect(group.isZero(lying(zero))).toBe(true)
    expect(group.isIdentity(lying(group.identity))).toBe(true)
    expect(group.equalPoints(lying(group.generator), lying(group.identity))).toBe(false)
    expect(group.encodePoint(lying(group.generator))).toEqual(group.encodePoint(group.generator))
    expect(group.multiply(lying(two), lying(two))).toEqual(group.multiply(two, two))
    expect(group.powerSums([lying(two)], [3], 2)).toEqual(group.powerSums([two], [3], 2))
  })

  test('products and sums are those of the curve equation, in integers', () => {
    for (const k of [1n, 2n, order - 1n, uniform(), uniform()]) {
      const wanted = multiplyAffine(affine, affine.generator, k)
      expect(affine.contains(wanted)).toBe(true)
      const point = group.multiplyBase(scalar(k))
      expect(hex(point)).toBe(hexOf(wanted))
      const s = uniform()
      expect(hex(group.multiplyPoint(point, scalar(s)))).toBe(hexOf(multiplyAffine(affine, wanted, s)))
      const other = multiplyAffine(affine, affine.generator, s)
      expect(hex(group.addPoints(point, group.multiplyBase(scalar(s))))).toBe(hexOf(affine.add(wanted, other)))
      expect(hex(group.negatePoint(point))).toBe(hexOf(affine.negate(wanted)))
    }
  })

  test('scalars at which windows, signs and halves meet an exception', () => {
    const windows = [4n, 5n, 8n, 10n, 124n, 125n, 127n, 128n, 129n, 131n, 132n, 245n, 248n, 250n, 251n]
    const near = windows.flatMap((k) => [2n ** k - 1n, 2n ** k, 2n ** k + 1n, 31n * 2n ** k, 15n * 2n ** k])
    const small = Array.from({ length: 40 }, (_, i) => BigInt(i))
    // Small x + y·λ: the halves of these scalars come closest to vectors of the endomorphism's lattice.
    const halves = small.slice(0, 32).flatMap((y) => [0n, 1n, 15n, 16n].map((x) => x + y * LAMBDA))
    const all = [...small, ...near, ...halves, (order - 1n) / 2n, (order + 1n) / 2n].map((k) => mod(k, order))
    const scalars = [...all, ...all.map((k) => mod(-k, order))].map(scalar)
    const factor = uniform()
    const point = group.multiplyBase(scalar(factor))
    const reference = portableGroup(curve)
    const expected = (values: readonly Scalar[], times: bigint): string[] =>
      values.map((s) => {
        const product = reference.multiplyBase(scalar(bytesToNumber(curve, s) * times))
        return reference.isIdentity(product) ? 'identity' : toHex(reference.encodePoint(product))
      })
    expect(group.multiplyBaseBatch(scalars).map(hex)).toEqual(expected(scalars, 1n))
    const wanted = expected(scalars, factor)
    expect(scalars.map((s) => hex(group.multiplyPoint(point, s)))).toEqual(wanted)
    // In a batch each scalar stands beside another one, in either lane.
    const points = scalars.map(() => point)
    expect(group.multiplyPointBatch(points, scalars).map(hex)).toEqual(wanted)
    expect(group.multiplyPointBatch(points.slice(1), scalars.slice(1)).map(hex)).toEqual(wanted.slice(1))
    expect(scalars.map((s) => hex(group.linearCombinationVar([point], [s])))).toEqual(wanted)
  })

  test('the identity in either lane of a batch', () => {
    const [s, other] = [group.randomScalar(random), group.randomScalar(random)]
    const product = hex(group.multiplyPoint(group.generator, other))
    const { identity, generator } = group
    expect(group.multiplyPointBatch([identity, generator], [s, other]).map(hex)).toEqual(['identity', product])
    expect(group.multiplyPointBatch([generator, identity], [other, s]).map(hex)).toEqual([product, 'identity'])
    expect(group.multiplyPointBatch([identity, identity, identity], [s, other, s]).map(hex)).toEqual(
      Array.from({ length: 3 }, () => 'identity'),
    )
  })

  test('batches larger than one call', () => {
    const scalars = Array.from({ length: 259 }, (_, i) => scalar(i === 256 ? 0n : uniform()))
    const points = group.multiplyBaseBatch(scalars)
    for (const i of [0, 1, 255, 256, 257, 258]) {
      expect(hex(points[i] as Point)).toBe(hex(group.multiplyBase(scalars[i] as Scalar)))
    }
    const products = group.multiplyPointBatch(points, scalars)
    for (const i of [0, 254, 255, 256, 257, 258]) {
      expect(hex(products[i] as Point)).toBe(hex(group.multiplyPoint(points[i] as Point, scalars[i] as Scalar)))
    }
  })

  test('points and scalars of other lengths are refused', () => {
    const s = group.randomScalar(random)
    const foreign = portableGroup(curve).generator
    expect(() => group.encodePoint(foreign)).toThrow(TypeError)
    expect(() => group.multiplyPoint(foreign, s)).toThrow(TypeError)
    expect(() => group.multiplyBase(new Uint8Array(33) as Scalar)).toThrow(RangeError)
    expect(() => group.addPoints(group.generator, new Uint8Array(32) as unknown as Point)).toThrow(RangeError)
  })

  test('the constants stay what they are when a caller writes to what it was given', () => {
    const before = hex(group.generator)
    group.encodePoint(group.generator).fill(0)
    group.addPoints(group.generator, group.identity)
    expect(hex(group.generator)).toBe(before)
    expect(group.isIdentity(group.linearCombinationVar([], []))).toBe(true)
  })
})

describe('published keys', () => {
  // RFC 8032 §7.1, tests 1, 2, 3 and 1024: secret key and public key.
  test.each([
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    ],
    [
      'f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5',
      '278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e',
    ],
  ])('RFC 8032: %s', (secret, wanted) => {
    const group = wasmGroup('ed25519')
    const wide = new Uint8Array(64)
    const half = sha512(fromHex(secret)).slice(0, 32)
    half[0] = (half[0] as number) & 0xf8
    half[31] = ((half[31] as number) & 0x7f) | 0x40
    wide.set(half)
    const key = group.multiplyBase(group.reduce(wide))
    expect(toHex(group.encodePoint(key))).toBe(wanted)
    expect(group.equalPoints(group.decodePoint(fromHex(wanted)), key)).toBe(true)
  })

  // BIP 340 test vectors 0 to 3: secret key and x-only public key.
  test.each([
    [
      '0000000000000000000000000000000000000000000000000000000000000003',
      'f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9',
    ],
    [
      'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef',
      'dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659',
    ],
    [
      'c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b14e5c9',
      'dd308afec5777e13121fa72b9cc1b7cc0139715309b086c960e18fd969774eb8',
    ],
    [
      '0b432b2677937381aef05bb02a66ecd012773062cf3fa2549e44f58ed2401710',
      '25d1dff95105f5253c4022f628a996ad3a0d95fbf21d468a1b33f8c160d8f517',
    ],
  ])('BIP 340: %s', (secret, wanted) => {
    const group = wasmGroup('secp256k1')
    const key = group.multiplyBase(group.decodeScalar(fromHex(secret)))
    expect(toHex(group.encodePoint(key)).slice(2)).toBe(wanted)
    const even = group.decodePoint(fromHex(`02${wanted}`))
    expect(group.hasEvenY(even)).toBe(true)
    expect([key, group.negatePoint(key)].some((point) => group.equalPoints(point, even))).toBe(true)
  })
})
