import { ed25519, ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import type { Point, Scalar } from '../../src/curve/group.ts'
import { portableGroup } from '../../src/curve/portable.ts'
import { wasmGroup } from '../../src/curve/wasm/group.ts'
import { CURVES, partyId } from '../../src/types.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { bytesToNumber, inverse, mod, ORDER, toScalar } from '../support/bigint-scalars.ts'
import { AFFINE, encodeAffine, multiplyAffine, type AffinePoint } from '../support/bigint/curves.ts'
import { seededRandom } from '../support/random.ts'

// What the contract of every Group (group.test.ts) does not reach: integers instead of a library as the reference, the
// exceptional cases of the module's own formulas, its batch sizes, and published keys.

const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n

describe.each(CURVES)('%s on the module', (curve) => {
  const group = wasmGroup(curve)
  const order = ORDER[curve]
  const affine = AFFINE[curve]
  const random = seededRandom(`wasm ${curve}`)
  const scalar = (value: bigint): Scalar => toScalar(curve, value)
  const uniform = (): bigint => bytesToNumber(curve, group.randomScalar(random))
  const hex = (point: Point): string => (group.isIdentity(point) ? 'identity' : toHex(group.encodePoint(point)))
  const hexOf = (point: AffinePoint): string =>
    point === affine.identity || (curve === 'ed25519' && point?.x === 0n && point.y === 1n)
      ? 'identity'
      : toHex(encodeAffine(curve, point))

  const product = (a: Scalar, b: Scalar): bigint => bytesToNumber(curve, a) * bytesToNumber(curve, b)
  /** Mostly random scalars, among them zero, small ones, their negatives, powers of two, and repetitions. */
  const edge = (i: number): Scalar => {
    const edges = [0n, 1n, 2n, order - 1n, order - 2n, 2n ** 127n, 2n ** 128n - 1n, LAMBDA, order - LAMBDA, 2n ** 251n]
    return i % 5 === 0 ? scalar(edges[(i / 5) % edges.length] as bigint) : group.randomScalar(random)
  }

  test('there is one group for each curve', () => {
    expect(wasmGroup(curve)).toBe(group)
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

  // 64 is where the method changes; 96, 112, 224, 320 and 640 digits change their width; a call takes 512.
  const SIZES = [1, 2, 3, 31, 63, 64, 65, 95, 96, 111, 112, 223, 224, 319, 320, 511, 512, 513, 576, 639, 640, 2000]

  test('combinations of any size', () => {
    const logarithms = Array.from({ length: 2000 }, (_, i) => edge(i))
    const scalars = Array.from({ length: 2000 }, (_, i) => edge(i + (i >> 3)))
    const points = group.multiplyBaseBatch(logarithms)
    for (const size of SIZES) {
      const from = 2000 - size
      const sum = scalars.slice(from).reduce((total, s, i) => total + product(s, logarithms[from + i] as Scalar), 0n)
      const combination = group.linearCombinationVar(points.slice(from), scalars.slice(from))
      expect(hex(combination), `${size} terms`).toBe(hex(group.multiplyBase(scalar(sum))))
    }
  })

  test('combinations with the generator among the terms, which has a table of its own', () => {
    const { generator } = group
    const [d, s, t] = [uniform(), uniform(), uniform()] as const
    const point = group.multiplyBase(scalar(d))
    const sum = (points: readonly Point[], ...factors: bigint[]): string =>
      hex(group.linearCombinationVar(points, factors.map(scalar)))
    const wanted = (k: bigint): string => hex(group.multiplyBase(scalar(k)))
    const edges = [0n, 1n, 2n, 127n, 128n, 129n, 2n ** 128n, LAMBDA, (order - 1n) / 2n, order - 2n, order - 1n]
    for (const k of [...edges, s]) {
      expect(sum([generator], k)).toBe(wanted(k))
      expect(sum([generator, point], k, t)).toBe(wanted(k + t * d))
      expect(sum([point, generator], t, k)).toBe(wanted(k + t * d))
      expect(sum([generator, point], k, 0n)).toBe(wanted(k))
      expect(sum([generator, point, generator], k, t, s)).toBe(wanted(k + t * d + s))
      expect(sum([generator, generator], k, -k)).toBe('identity')
    }
    for (const size of [62, 63, 64, 65, 513]) {
      const points = Array.from({ length: size }, (_, i) => (i === size - 1 ? generator : point))
      const ones = points.map((_, i) => BigInt(i))
      const rest = BigInt((size - 1) * (size - 2)) / 2n
      expect(sum(points, ...ones)).toBe(wanted(rest * d + BigInt(size - 1)))
    }
  })

  test('large combinations whose partial sums vanish or coincide', () => {
    const point = group.multiplyBase(group.randomScalar(random))
    const negative = group.negatePoint(point)
    for (const size of [64, 300]) {
      const s = group.randomScalar(random)
      const same = Array.from({ length: size }, () => s)
      const all = Array.from({ length: size }, () => point)
      const half = all.map((one, i) => (i % 2 === 0 ? one : negative))
      const wanted = group.multiplyPoint(point, group.multiply(s, group.scalar(size)))
      expect(hex(group.linearCombinationVar(all, same))).toBe(hex(wanted))
      expect(group.isIdentity(group.linearCombinationVar(half, same))).toBe(true)
      const sorted = all.map((one, i) => (i < size / 2 ? one : negative))
      expect(group.isIdentity(group.linearCombinationVar(sorted, same))).toBe(true)
      const none = all.map(() => group.identity)
      expect(group.isIdentity(group.linearCombinationVar(none, same))).toBe(true)
      expect(
        group.isIdentity(
          group.linearCombinationVar(
            all,
            same.map(() => group.scalar(0)),
          ),
        ),
      ).toBe(true)
      const ones = all.map(() => scalar(order - 1n))
      expect(hex(group.linearCombinationVar(all, ones))).toBe(
        hex(group.multiplyPoint(point, group.negate(group.scalar(size)))),
      )
    }
  })

  test('combinations whose partial sums vanish or coincide', () => {
    const point = group.multiplyBase(group.randomScalar(random))
    const negative = group.negatePoint(point)
    for (const [a, b] of [
      [1n, 1n],
      [5n, 5n],
      [5n, 3n],
      [2n ** 130n, 2n ** 130n],
      [LAMBDA, LAMBDA],
      [1n, LAMBDA],
      [order - 1n, 1n],
    ] as const) {
      const wanted = (k: bigint): string => hex(group.multiplyPoint(point, scalar(k)))
      expect(hex(group.linearCombinationVar([point, point], [scalar(a), scalar(b)]))).toBe(wanted(a + b))
      expect(hex(group.linearCombinationVar([point, negative], [scalar(a), scalar(b)]))).toBe(wanted(a - b))
    }
  })

  test.each([1, 2, 639, 640, 641, 899, 900, 901, 1801])('%i coefficients, in as many calls as they take', (count) => {
    const coefficients = Array.from({ length: count }, () => group.randomScalar(random))
    const at = (x: bigint): bigint =>
      coefficients.reduceRight((sum, c) => mod(sum * x + bytesToNumber(curve, c), order), 0n)
    const xs = [1, 200, 255, 256, 65_535]
    const wanted = xs.map((x) => at(BigInt(x)))
    expect(group.evaluatePolynomial(coefficients, xs).map((value) => bytesToNumber(curve, value))).toEqual(wanted)
    // Products of the generator: the polynomial in the exponent.
    const commitment = group.multiplyBaseBatch(coefficients)
    const expected = group.multiplyBaseBatch(wanted.map(scalar))
    expect(group.evaluateCommitmentAtVar(commitment, xs).map(hex)).toEqual(expected.map(hex))
    expect(hex(group.evaluateCommitmentVar(commitment, 255))).toBe(hex(expected[2] as Point))
    const weights = xs.map(() => group.randomScalar(random))
    const powers = group.powerSums(weights, xs, count)
    const sums = Array.from({ length: count }, (_, k) =>
      xs.reduce((sum, x, j) => sum + bytesToNumber(curve, weights[j] as Scalar) * power(BigInt(x), k), 0n),
    )
    expect(powers.map((value) => bytesToNumber(curve, value))).toEqual(sums.map((sum) => mod(sum, order)))
  })

  test.each([0, 1, 127, 128, 129, 255, 256, 257, 513])('%i points, in as many calls as they take', (count) => {
    const xs = Array.from({ length: count }, (_, i) => 65_535 - 100 * i)
    const coefficients = [uniform(), uniform(), uniform()]
    const [a, b, c] = coefficients as [bigint, bigint, bigint]
    const values = xs.map((x) => mod(a + b * BigInt(x) + c * BigInt(x) ** 2n, order))
    const scalars = group.evaluatePolynomial(coefficients.map(scalar), xs)
    expect(scalars.map((value) => bytesToNumber(curve, value))).toEqual(values)
    const line = group.multiplyBaseBatch(coefficients.map(scalar))
    const points = group.evaluateCommitmentAtVar(line, xs)
    expect(points.map(hex)).toEqual(group.multiplyBaseBatch(scalars).map(hex))
    const sums = [0n, 1n].map((k) => xs.reduce((sum, x, j) => sum + (values[j] as bigint) * BigInt(x) ** k, 0n))
    const wanted = sums.map((sum) => mod(sum, order))
    expect(group.powerSums(scalars, xs, 2).map((value) => bytesToNumber(curve, value))).toEqual(wanted)
    const lambdas = group.lagrangeCoefficients(xs).map((lambda) => bytesToNumber(curve, lambda))
    const secret = lambdas.reduce((sum, lambda, j) => sum + lambda * (values[j] as bigint), 0n)
    if (count >= 3) expect(mod(secret, order)).toBe(a)
  })

  test('the largest weights, all ones in every limb of their sums', () => {
    const weights = Array.from({ length: 128 }, () => scalar(order - 1n))
    const xs = weights.map((_, i) => 65_535 - i)
    const sums = [0, 1, 2].map((k) => xs.reduce((sum, x) => sum - power(BigInt(x), k), 0n))
    const wanted = sums.map((sum) => mod(sum, order))
    expect(group.powerSums(weights, xs, 3).map((value) => bytesToNumber(curve, value))).toEqual(wanted)
  })

  test('a polynomial without a constant term shares zero', () => {
    const ids = [1, 2, 5, 9].map(partyId)
    const coefficients = [group.scalar(0), ...Array.from({ length: 3 }, () => group.randomScalar(random))]
    const shares = group.evaluatePolynomial(coefficients, ids)
    const lambdas = group.lagrangeCoefficients(ids)
    const sum = shares.reduce(
      (total, s, i) => group.add(total, group.multiply(s, lambdas[i] as Scalar)),
      group.scalar(0),
    )
    expect(group.isZero(sum)).toBe(true)
    expect(shares.some((s) => group.isZero(s))).toBe(false)
  })

  test.each([255, 256, 257, 1000])('Lagrange coefficients of %i points', (count) => {
    const xs = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? i + 1 : 65_535 - i))
    const lambdas = group.lagrangeCoefficients(xs)
    for (const at of [0, 1, 254, count - 1]) {
      const own = BigInt(xs[at] as number)
      const [top, bottom] = xs.reduce(
        ([p, q], x, i) => (i === at ? [p, q] : [mod(p * BigInt(x), order), mod(q * (BigInt(x) - own), order)]),
        [1n, 1n],
      )
      expect(bytesToNumber(curve, lambdas[at] as Scalar)).toBe(mod(top * inverse(bottom, order), order))
    }
    expect(() => group.lagrangeCoefficients([...xs, xs[0] as number])).toThrow(RangeError)
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

/** base^exponent modulo a number that both orders divide, so that it stays small. */
function power(base: bigint, exponent: number): bigint {
  const modulus = ORDER.secp256k1 * ORDER.ed25519
  let result = 1n
  for (let square = base, e = exponent; e > 0; e >>= 1, square = (square * square) % modulus) {
    if (e & 1) result = (result * square) % modulus
  }
  return result
}

function attempt<T>(run: () => T): T | false {
  try {
    return run()
  } catch {
    return false
  }
}
