import { Field } from '@noble/curves/abstract/modular.js'
import { bytesToNumberBE, bytesToNumberLE, numberToBytesBE, numberToBytesLE } from '@noble/curves/utils.js'

import type { Curve } from '../types.ts'
import { abytes, equalBytes, wipe } from '../util/bytes.ts'
import { CodecError } from '../util/codec.ts'
import { assertDistinctPoints, assertEvaluationPoints } from './evaluation-points.ts'
import type { Group, Point, Scalar } from './group.ts'
import type { PointArithmetic } from './portable/arithmetic.ts'
import { ED25519_POINTS } from './portable/ed25519.ts'
import { SECP256K1_POINTS } from './portable/secp256k1.ts'

/** What differs between the two curves. */
interface Parameters<P> {
  readonly curve: Curve
  readonly pointLength: 33 | 32
  readonly wideLength: 48 | 64
  readonly points: PointArithmetic<P>
  readonly toNumber: (bytes: Uint8Array) => bigint
  readonly toBytes: (value: bigint, length: number) => Uint8Array
}

function createGroup<P>(parameters: Parameters<P>): Group {
  const { curve, pointLength, wideLength, points, toNumber, toBytes } = parameters
  const Fn = Field(points.order)

  const wrap = (point: P): Point => point as unknown as Point
  const unwrap = (point: Point): P => point as unknown as P
  const encode = (value: bigint): Scalar => toBytes(value, 32) as Scalar
  const decode = (scalar: Scalar): bigint => toNumber(scalar)

  const decodePoint = (encoded: Uint8Array): Point => {
    const bytes = abytes(encoded, undefined, 'point')
    if (bytes.length !== pointLength) throw new CodecError(`a point is ${pointLength} bytes`)
    return wrap(points.decode(bytes))
  }

  const encodePoints = (encoded: readonly Point[]): Uint8Array[] => {
    const own = encoded.map(unwrap)
    if (own.some((point) => points.isIdentity(point))) throw new RangeError('the identity has no encoding')
    return points.encode(own)
  }

  const reduce = (wide: Uint8Array): Scalar => encode(Fn.create(toNumber(abytes(wide, wideLength, 'wide'))))

  const evaluateVar = (commitments: readonly Point[], x: number): Point => {
    assertEvaluationPoints([x])
    const times = (sum: P, point: P): P => points.add(points.multiplySmallVar(sum, x), point)
    return wrap(commitments.map(unwrap).reduceRight(times, points.identity))
  }

  return {
    curve,
    pointLength,
    wideLength,
    isSlow: true,
    generator: wrap(points.generator),
    identity: wrap(points.identity),

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

    multiplyBase: (s) => wrap(points.multiplyGenerator(decode(s))),
    multiplyBaseBatch: (scalars) => scalars.map((s) => wrap(points.multiplyGenerator(decode(s)))),
    multiplyPoint: (point, s) => wrap(points.multiply(unwrap(point), decode(s))),
    multiplyPointBatch(factors, scalars) {
      assertPairs(factors, scalars)
      return factors.map((point, i) => wrap(points.multiply(unwrap(point), decode(scalars[i] as Scalar))))
    },
    addPoints: (a, b) => wrap(points.add(unwrap(a), unwrap(b))),
    subtractPoints: (a, b) => wrap(points.add(unwrap(a), points.negate(unwrap(b)))),
    negatePoint: (a) => wrap(points.negate(unwrap(a))),
    isIdentity: (a) => points.isIdentity(unwrap(a)),
    equalPoints: (a, b) => points.equal(unwrap(a), unwrap(b)),
    hasEvenY(point) {
      if (points.isIdentity(unwrap(point))) throw new RangeError('the identity has no affine coordinates')
      return points.hasEvenSign(unwrap(point))
    },
    linearCombinationVar(factors, scalars) {
      assertPairs(factors, scalars)
      return wrap(points.linearCombinationVar(factors.map(unwrap), scalars.map(decode)))
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
  points: SECP256K1_POINTS,
  toNumber: bytesToNumberBE,
  toBytes: numberToBytesBE,
})

const ED25519 = /* @__PURE__ */ createGroup({
  curve: 'ed25519',
  pointLength: 32,
  wideLength: 64,
  points: ED25519_POINTS,
  toNumber: bytesToNumberLE,
  toBytes: numberToBytesLE,
})

/**
 * The group of a curve on big integers, for runtimes without WebAssembly: secp256k1 by its own arithmetic, ed25519 on
 * \@noble/curves. It is only as constant-time as JavaScript big integers are.
 */
export function portableGroup(curve: Curve): Group {
  return curve === 'secp256k1' ? SECP256K1 : ED25519
}
