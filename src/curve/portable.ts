import { mulAddUnsafe, normalizeZ } from '@noble/curves/abstract/curve.js'
import type { CurvePoint, CurvePointCons } from '@noble/curves/abstract/curve.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToNumberBE, bytesToNumberLE, numberToBytesBE, numberToBytesLE } from '@noble/curves/utils.js'

import type { Curve } from '../types.ts'
import { abytes, equalBytes, wipe } from '../util/bytes.ts'
import { CodecError } from '../util/codec.ts'
import { assertDistinctPoints, assertEvaluationPoints } from './evaluation-points.ts'
import type { Group, Point, Scalar } from './group.ts'

/** What differs between the two curves. */
interface Parameters<P extends CurvePoint<bigint, P>> {
  readonly curve: Curve
  readonly pointLength: 33 | 32
  readonly wideLength: 48 | 64
  readonly Point: CurvePointCons<P>
  readonly toNumber: (bytes: Uint8Array) => bigint
  readonly toBytes: (value: bigint, length: number) => Uint8Array
  /** The coordinate whose parity is the sign of a point: y in BIP 340, x in RFC 8032. */
  readonly signCoordinate: (point: P) => bigint
}

function createGroup<P extends CurvePoint<bigint, P>>(parameters: Parameters<P>): Group {
  const { curve, pointLength, wideLength, Point: Curve, toNumber, toBytes, signCoordinate } = parameters
  const { Fn, BASE, ZERO } = Curve

  const wrap = (point: P): Point => point as unknown as Point
  const unwrap = (point: Point): P => point as unknown as P
  const encode = (value: bigint): Scalar => toBytes(value, 32) as Scalar
  const decode = (scalar: Scalar): bigint => toNumber(scalar)

  // The library rejects a zero scalar and the identity. This interface allows both.
  const times = (point: P, s: Scalar): P => {
    const value = decode(s)
    return value === 0n || point.is0() ? ZERO : point.multiply(value)
  }

  const decodePoint = (encoded: Uint8Array): Point => {
    const bytes = abytes(encoded, undefined, 'point')
    // The length is checked first, since the library also accepts points of 65 bytes.
    if (bytes.length !== pointLength) throw new CodecError(`a point is ${pointLength} bytes`)
    let point: P
    try {
      point = Curve.fromBytes(bytes)
    } catch (cause) {
      throw new CodecError('not a canonical encoding of a curve point', { cause })
    }
    if (point.is0()) throw new CodecError('point is the identity')
    if (!point.isTorsionFree()) throw new CodecError('point is outside the prime-order subgroup')
    return wrap(point)
  }

  const encodePoints = (points: readonly Point[]): Uint8Array[] => {
    const own = points.map(unwrap)
    if (own.some((point) => point.is0())) throw new RangeError('the identity has no encoding')
    return normalizeZ(Curve, own).map((point) => point.toBytes())
  }

  const reduce = (wide: Uint8Array): Scalar => encode(Fn.create(toNumber(abytes(wide, wideLength, 'wide'))))

  const evaluateVar = (commitments: readonly Point[], x: number): Point => {
    assertEvaluationPoints([x])
    const times = BigInt(x)
    return wrap(commitments.map(unwrap).reduceRight((sum, point) => sum.multiplyUnsafe(times).add(point), ZERO))
  }

  return {
    curve,
    pointLength,
    wideLength,
    generator: wrap(BASE),
    identity: wrap(ZERO),

    decodeScalar(encoded, { allowZero = false } = {}) {
      const bytes = abytes(encoded, undefined, 'scalar')
      if (bytes.length !== 32) throw new CodecError('a scalar is 32 bytes')
      const value = toNumber(bytes)
      if (value >= Fn.ORDER) throw new CodecError('scalar is not below the group order')
      if (value === 0n && !allowZero) throw new CodecError('scalar is zero')
      return encode(value)
    },

    decodePoint,
    decodePoints: (encoded) => encoded.map(decodePoint),

    encodePoint: (point) => encodePoints([point])[0] as Uint8Array,
    encodePoints,

    scalar(value) {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
        throw new RangeError(`small scalar must be 0..2^32-1, got ${value}`)
      }
      return encode(BigInt(value))
    },
    reduce,
    randomScalar(random) {
      const wide = random(wideLength)
      try {
        const scalar = reduce(wide)
        // A good source gives zero once in 2^252 calls. No new draw: with a broken source it would never end.
        if (equalBytes(scalar, ZERO_SCALAR)) throw new RangeError('the random source gave a zero scalar')
        return scalar
      } finally {
        wipe(wide)
      }
    },
    add: (a, b) => encode(Fn.add(decode(a), decode(b))),
    subtract: (a, b) => encode(Fn.sub(decode(a), decode(b))),
    multiply: (a, b) => encode(Fn.mul(decode(a), decode(b))),
    negate: (a) => encode(Fn.neg(decode(a))),
    invert(a) {
      const value = decode(a)
      if (value === 0n) throw new RangeError('zero has no inverse')
      return encode(Fn.inv(value))
    },
    isZero: (a) => equalBytes(a, ZERO_SCALAR),
    equalScalars: equalBytes,

    multiplyBase: (s) => wrap(times(BASE, s)),
    multiplyBaseBatch: (scalars) => scalars.map((s) => wrap(times(BASE, s))),
    multiplyPoint: (point, s) => wrap(times(unwrap(point), s)),
    multiplyPointBatch(points, scalars) {
      assertPairs(points, scalars)
      return points.map((point, i) => wrap(times(unwrap(point), scalars[i] as Scalar)))
    },
    addPoints: (a, b) => wrap(unwrap(a).add(unwrap(b))),
    subtractPoints: (a, b) => wrap(unwrap(a).subtract(unwrap(b))),
    negatePoint: (a) => wrap(unwrap(a).negate()),
    isIdentity: (a) => unwrap(a).is0(),
    equalPoints: (a, b) => unwrap(a).equals(unwrap(b)),
    hasEvenY(point) {
      if (unwrap(point).is0()) throw new RangeError('the identity has no affine coordinates')
      return (signCoordinate(unwrap(point)) & 1n) === 0n
    },
    linearCombinationVar(points, scalars) {
      assertPairs(points, scalars)
      return wrap(mulAddUnsafe(Curve, points.map(unwrap), scalars.map(decode)))
    },

    evaluatePolynomial(coefficients, xs) {
      assertEvaluationPoints(xs)
      const values = coefficients.map(decode)
      return xs.map((x) => encode(values.reduceRight((sum, value) => Fn.add(Fn.mul(sum, BigInt(x)), value), 0n)))
    },
    powerSums(weights, xs, count) {
      assertPairs(xs, weights)
      assertEvaluationPoints(xs)
      const terms = weights.map(decode)
      return Array.from({ length: count }, () => {
        const sum = terms.reduce((total, term) => Fn.add(total, term), 0n)
        for (const [j, x] of xs.entries()) terms[j] = Fn.mul(terms[j] as bigint, BigInt(x))
        return encode(sum)
      })
    },
    lagrangeCoefficients(ids) {
      assertDistinctPoints(ids)
      const xs = ids.map(BigInt)
      const numerator = xs.reduce((product, x) => Fn.mul(product, x), 1n)
      // Each product has the factor x itself in place of the distance x − x = 0.
      const denominators = xs.map((own) =>
        xs.reduce((product, x) => Fn.mul(product, x === own ? x : Fn.create(x - own)), 1n),
      )
      return Fn.invertBatch(denominators).map((inverse) => encode(Fn.mul(numerator, inverse)))
    },
    evaluateCommitmentVar: evaluateVar,
    evaluateCommitmentAtVar: (commitments, xs) => xs.map((x) => evaluateVar(commitments, x)),
  }
}

function assertPairs(points: readonly unknown[], scalars: readonly unknown[]): void {
  if (points.length !== scalars.length) {
    throw new RangeError(`${points.length} points do not pair with ${scalars.length} scalars`)
  }
}

const ZERO_SCALAR = new Uint8Array(32)

const SECP256K1 = /* @__PURE__ */ createGroup({
  curve: 'secp256k1',
  pointLength: 33,
  wideLength: 48,
  Point: secp256k1.Point,
  toNumber: bytesToNumberBE,
  toBytes: numberToBytesBE,
  signCoordinate: (point) => point.y,
})

const ED25519 = /* @__PURE__ */ createGroup({
  curve: 'ed25519',
  pointLength: 32,
  wideLength: 64,
  Point: ed25519.Point,
  toNumber: bytesToNumberLE,
  toBytes: numberToBytesLE,
  signCoordinate: (point) => point.x,
})

/**
 * The group of a curve on \@noble/curves, for runtimes without WebAssembly. It is only as constant-time as JavaScript big
 * integers are.
 */
export function portableGroup(curve: Curve): Group {
  return curve === 'secp256k1' ? SECP256K1 : ED25519
}
